/** The field table as text, for `bleubird run --help-fields`. */
import { fieldText } from '../engine/config/check-values.ts';
import { type ExperimentField, experimentFields } from '../engine/config/experiment-fields.ts';
import { expected } from '../engine/config/read-field-value.ts';
import { wrapText } from '../ui/text/fit-text.ts';
import type { Output } from './output.ts';

const INDENT = '    ';

/** Prints every field: path, what it takes, default, and what it is for. */
export function describeFields(output: Output): void {
  const width = Math.min(output.columns ?? 100, 100) - INDENT.length;
  for (const field of experimentFields) {
    output.line(`${output.tone('bold', field.path)}  ${output.tone('dim', describeValue(field))}`);
    for (const line of wrapText(field.description, width)) output.line(INDENT + line);
  }
}

function describeValue(field: ExperimentField): string {
  const unit = field.unit === null ? '' : `, in ${field.unit}`;
  const formats = field.formats === null ? '' : `; for format ${field.formats.join(', ')}`;
  const byDefault = field.isRequired ? 'required' : `default ${fieldText(field.default) || 'none'}`;
  return `${expected(field)}${unit}; ${byDefault}${formats}`;
}
