/** Settings of a run against the defaults, and of several runs side by side. */
import { fieldText } from '../../engine/config/check-values.ts';
import { findField } from '../../engine/config/experiment-fields.ts';

export interface RunSetting {
  readonly path: string;
  readonly value: string;
  readonly isDefault: boolean;
}

/** The settings of a run: all, or only those that differ from the defaults. */
export function runSettings(parameters: Readonly<Record<string, string>>, showsChangedOnly: boolean): RunSetting[] {
  const settings = Object.entries(parameters).map(([path, value]) => ({
    path,
    value,
    isDefault: isDefaultValue(path, value),
  }));
  return showsChangedOnly ? settings.filter(({ isDefault }) => !isDefault) : settings;
}

// A setting that is no field, such as the absence of a validation corpus, says something only when it has a value.
function isDefaultValue(path: string, value: string): boolean {
  const field = findField(path);
  return field === undefined ? value === '' : !field.isRequired && fieldText(field.default) === value;
}

export interface SettingRow {
  readonly path: string;
  /** One per run, in the order of the runs; null where a run does not have the setting. */
  readonly values: readonly (string | null)[];
  readonly isDifferent: boolean;
}

// Names of a run, not settings: they always differ and say nothing.
const NAMES = new Set(['name', 'description']);

/** Every setting of the runs, sections together, in the order in which they first appear. */
export function compareSettings(runs: readonly Readonly<Record<string, string>>[]): SettingRow[] {
  const paths = [...new Set(runs.flatMap((parameters) => Object.keys(parameters)))];
  return paths.map((path) => {
    const values = runs.map((parameters) => parameters[path] ?? null);
    return { path, values, isDifferent: !NAMES.has(path) && new Set(values).size > 1 };
  });
}
