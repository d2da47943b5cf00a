/** Checks the weights that were found against those a model needs. */
import { ModelError } from '../../errors.ts';
import type { WeightTensor } from './safetensors.ts';

/**
 * Gives the found weights in the order of the expected ones.
 *
 * @param expected shapes by name
 * @throws {ModelError} one for everything that is wrong: all missing, extra and misshaped weights
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
  throw new ModelError(
    ['The weights do not fit the model that config.json describes:', ...problems.map((problem) => `  ${problem}`)].join(
      '\n',
    ),
    { hint: 'Use config.json and the weights of one and the same model.' },
  );
}

function hasShape(weight: WeightTensor, shape: readonly number[]): boolean {
  return weight.shape.length === shape.length && weight.shape.every((length, axis) => length === shape[axis]);
}

function format(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
