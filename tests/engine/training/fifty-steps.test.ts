import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import type { Example } from '../../../src/engine/data/example.ts';
import { loadModel } from '../../../src/engine/model/load-model.ts';
import { readSafetensors } from '../../../src/engine/model/safetensors.ts';
import { AdamW } from '../../../src/engine/training/adamw.ts';
import { type StepReport, trainModel } from '../../../src/engine/training/training-loop.ts';
import { planTraining } from '../../../src/engine/training/training-plan.ts';
import { expectClose, readFixture } from './numbers.ts';
import { recipe } from './recipe.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));

interface Trained {
  readonly config: Partial<TrainingConfig>;
  readonly decayed: string[];
  readonly examples: Example[];
  readonly steps: { grad_norm: number; learning_rate: number }[];
}

test('Fifty steps with clipping, warm-up, accumulation, label smoothing and weight decay lead to the parameters of Trainer 4.47.', async () => {
  const { config: settings, decayed, examples, steps } = readFixture<Trained>('fifty-steps.json');
  const config = { ...recipe, ...settings };
  await openBackend('wasm');
  const model = await loadModel(`${fixtures}model/tied`, { dropout: 0 });
  const optimizer = new AdamW(model, config);
  const reports: StepReport[] = [];
  await trainModel({
    model,
    optimizer,
    examples,
    config,
    plan: planTraining(examples.length, config),
    onDivergence: async () => {},
    onStep: async (report) => {
      reports.push(report);
      return 'continue';
    },
  });
  const { tensors } = await readSafetensors(`${fixtures}training/fifty-steps.safetensors`);
  expect([...model.parameters.keys()].sort()).toEqual([...tensors.keys()].sort());
  expect([...model.parameters.keys()].filter((name) => model.isDecayed(name)).sort()).toEqual(decayed);
  for (const [name, variable] of model.parameters) {
    // A key's bias shifts all scores of a query alike: its gradient is rounding alone, which Adam makes large.
    if (name.endsWith('k_proj.bias')) continue;
    expectClose(await variable.data(), tensors.get(name)?.data ?? [], 1e-6);
  }
  expectClose(
    reports.map(({ gradientNorm }) => gradientNorm),
    steps.map(({ grad_norm }) => grad_norm),
    1e-5,
  );
  expectClose(
    reports.map(({ learningRate }) => learningRate).slice(1),
    steps.map(({ learning_rate }) => learning_rate).slice(0, -1), // each is that of the step that follows
    1e-12,
  );
  optimizer.dispose();
  model.dispose();
});
