import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AdamW } from '../../../src/engine/training/adamw.ts';
import { expectClose, readFixture } from './numbers.ts';

interface Fixture {
  readonly start: { readonly decayed: number[]; readonly plain: number[] };
  readonly rates: number[];
  readonly weightDecay: number;
  readonly steps: {
    readonly gradients: Record<string, number[]>;
    readonly decayed: number[];
    readonly plain: number[];
  }[];
  readonly state: Record<string, number[]>;
}

const fixture = readFixture<Fixture>('adamw.json');
const shapes: Record<string, number[]> = { decayed: [3, 4], plain: [5] };
const config = { adam_beta1: 0.9, adam_beta2: 0.999, adam_epsilon: 1e-8, weight_decay: fixture.weightDecay };

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});
afterAll(() => tf.disposeVariables());

/** The two parameters of the fixture, of which weight decay applies to one. */
function twoParameters() {
  const parameters = new Map(
    Object.entries(fixture.start).map(([name, values]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, shapes[name] ?? []))),
    ]),
  );
  return { parameters, isDecayed: (name: string) => name === 'decayed' };
}

function takeStep(optimizer: AdamW, index: number): void {
  const gradients = Object.entries(fixture.steps[index]?.gradients ?? {});
  tf.tidy(() =>
    optimizer.step(
      new Map(gradients.map(([name, values]) => [name, tf.tensor(values, shapes[name] ?? [])])),
      fixture.rates[index] ?? Number.NaN,
    ),
  );
}

function valuesOf(model: ReturnType<typeof twoParameters>, name: string): ArrayLike<number> {
  return model.parameters.get(name)?.dataSync() ?? [];
}

test('Fifty steps follow torch.optim.AdamW, decayed and undecayed, to 1e-6 at each step.', async () => {
  const model = twoParameters();
  const optimizer = new AdamW(model, config);
  for (const [index, step] of fixture.steps.entries()) {
    takeStep(optimizer, index);
    // float32 has about 1.2e-7 of relative precision; fifty roundings of it stay well under this.
    expectClose(valuesOf(model, 'decayed'), step.decayed, 1e-6);
    expectClose(valuesOf(model, 'plain'), step.plain, 1e-6);
  }
  const state = await optimizer.exportState();
  expect(state.step).toBe(50);
  expect([...state.tensors.keys()].sort()).toEqual(Object.keys(fixture.state).sort());
  for (const [name, values] of Object.entries(fixture.state)) {
    expectClose(state.tensors.get(name)?.data ?? [], values, 1e-5); // squares reach 1e4: relative to their size
  }
});

test('An optimizer that imports an exported state goes on as if it had never stopped.', async () => {
  const model = twoParameters();
  const first = new AdamW(model, config);
  for (let index = 0; index < 20; index++) takeStep(first, index);
  const second = new AdamW(model, config);
  second.importState(await first.exportState());
  for (let index = 20; index < 50; index++) takeStep(second, index);
  expectClose(valuesOf(model, 'decayed'), fixture.steps[49]?.decayed ?? [], 1e-6);
});

test('A state that lacks a moment, or has one of another shape, is refused by name.', () => {
  const optimizer = new AdamW(twoParameters(), config);
  expect(() => optimizer.importState({ step: 1, tensors: new Map() })).toThrow(
    'The optimizer state lacks exp_avg.decayed.',
  );
  const tensors = new Map([['exp_avg.decayed', { shape: [2, 2], data: new Float32Array(4) }]]);
  expect(() => optimizer.importState({ step: 1, tensors })).toThrow(
    'exp_avg.decayed has shape [2,2] in the optimizer state, [3,4] here.',
  );
});

test('A parameter without a gradient stays as it is, and a gradient without a parameter is an error.', () => {
  const model = twoParameters();
  const optimizer = new AdamW(model, config);
  tf.tidy(() => optimizer.step(new Map([['plain', tf.ones([5])]]), 0.1));
  expectClose(valuesOf(model, 'decayed'), fixture.start.decayed, 1e-7);
  expect(() => tf.tidy(() => optimizer.step(new Map([['other', tf.ones([5])]]), 0.1))).toThrow(
    'No parameter is named other.',
  );
});

test('A step leaves no tensor behind, and dispose gives back the moments.', () => {
  const before = tf.memory().numTensors;
  const model = twoParameters();
  const withModel = tf.memory().numTensors;
  const optimizer = new AdamW(model, config);
  const afterStart = tf.memory().numTensors;
  for (let index = 0; index < 3; index++) takeStep(optimizer, index);
  expect(tf.memory().numTensors).toBe(afterStart);
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(withModel);
  expect(withModel).toBe(before + 2);
});
