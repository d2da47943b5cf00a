/** Checks the weights that were found against those a model needs. */
import { ModelError } from '../../errors.ts';
import type { WeightTensor } from './safetensors.ts';

/** More than a Marian of twice the layers has; a file may hold any number, of any name. */
const PROBLEMS_SHOWN = 500;
const MAX_SHOWN = 300;

/**
 * Gives the found weights in the order of the expected ones.
 *
 * @param expected shapes by name
 * @throws {ModelError} one for everything that is wrong: missing, extra and misshaped weights
 */
export function checkedWeights(
  found: ReadonlyMap<string, WeightTensor>,
  expected: ReadonlyMap<string, readonly number[]>,
): Map<string, WeightTensor> {
  const checked = new Map<string, WeightTensor>();
  const problems: string[] = [];
  for (const [name, shape] of expected) {
    const weight = found.get(name);
    if (weight === undefined) problems.push(`missing: ${name} ${format(shape)}`);
    else if (!hasShape(weight, shape)) {
      problems.push(`misshaped: ${name} is ${format(weight.shape)}, expected ${format(shape)}`);
    } else checked.set(name, weight);
  }
  for (const [name, { shape }] of found) {
    if (!expected.has(name)) problems.push(`not part of the model: ${name} ${format(shape)}`);
  }
  if (problems.length === 0) return checked;
  const lines = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `  ${problem.slice(0, MAX_SHOWN)}`);
  if (problems.length > lines.length) lines.push(`  and ${problems.length - lines.length} more`);
  throw new ModelError(['The weights do not fit the model that config.json describes:', ...lines].join('\n'), {
    hint: 'Use config.json and the weights of one and the same model.',
  });
}

function hasShape(weight: WeightTensor, shape: readonly number[]): boolean {
  return weight.shape.length === shape.length && weight.shape.every((length, axis) => length === shape[axis]);
}

function format(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
