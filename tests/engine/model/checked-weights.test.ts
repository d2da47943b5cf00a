import { describe, expect, it } from 'vitest';
import { checkedWeights } from '../../../src/engine/model/checked-weights.ts';
import type { WeightTensor } from '../../../src/engine/model/safetensors.ts';
import { ModelError } from '../../../src/errors.ts';

const zeros = (...shape: number[]): WeightTensor => ({
  shape,
  data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
});

describe('checkedWeights', () => {
  it('gives the weights in the expected order when all fit', () => {
    const found = new Map([
      ['b', zeros(2, 3)],
      ['a', zeros()],
    ]);
    const expected = new Map([
      ['a', []],
      ['b', [2, 3]],
    ]);
    expect([...checkedWeights(found, expected).keys()]).toEqual(['a', 'b']);
  });

  it('lists everything that is missing, misshaped or too much in one error', () => {
    const found = new Map([
      ['turned', zeros(3, 2)],
      ['flat', zeros(6)],
      ['extra', zeros(1)],
      ['fits', zeros(4)],
    ]);
    const expected = new Map([
      ['turned', [2, 3]],
      ['absent', [5]],
      ['flat', [6, 1]],
      ['fits', [4]],
    ]);
    const message = [
      'The weights do not fit the model that config.json describes:',
      '  misshaped: turned is [3, 2], expected [2, 3]',
      '  missing: absent [5]',
      '  misshaped: flat is [6], expected [6, 1]',
      '  not part of the model: extra [1]',
    ].join('\n');
    expect(() => checkedWeights(found, expected)).toThrow(
      expect.objectContaining({
        message,
        name: 'ModelError',
        exitCode: 4,
        hint: expect.stringContaining('same model'),
      }),
    );
    expect(() => checkedWeights(found, expected)).toThrow(ModelError);
  });
});
