/** An imaginary run and its events, to fill stores with. */
import type { Experiment } from '../../src/engine/config/experiment.ts';
import type { Envelope, TrainerEvent, TrainerEventOf } from '../../src/engine/run/protocol.ts';
import type { NewRun } from '../../src/store/create-run.ts';
import { dataConfig, trainingConfig } from '../support/experiment.ts';

export const experiment: Experiment = {
  name: 'quick',
  description: 'for the tests of the store',
  model: '/models/demo',
  device: 'auto',
  from_scratch: false,
  precision: 'auto',
  threads: null,
  data: dataConfig({
    corpus: { format: 'tsv', path: '/data/pairs.tsv', source_column: 1, target_column: 2 },
    validation_size: 0.25,
    split_seed: 20,
  }),
  training: trainingConfig({ learning_rate: 2e-5 }),
  generation: {
    num_beams: 1,
    max_length: 40,
    length_penalty: null,
    early_stopping: null,
    compatibility: 'transformers-4',
  },
  evaluation: { before: true, after: true, references: 'decoded' },
};

export function newRun(changes: Partial<NewRun> = {}): NewRun {
  return {
    experiment,
    runner: { pid: 123, processStart: '456', bootId: 'boot', pidNamespace: null, hostname: 'here' },
    versions: { bleubird: '0.1.0' },
    gitCommit: 'abc123',
    gitDirty: true,
    lockfileHash: 'f00d',
    ...changes,
  };
}

/** Numbers events as a trainer does. */
export function envelopes(firstTime = 1_000): (event: TrainerEvent) => Envelope {
  let seq = 0;
  return (event) => {
    seq += 1;
    return { v: 1, seq, time: firstTime + seq, event };
  };
}

export function metrics(step: number, values: Readonly<Record<string, number | null>>): TrainerEventOf<'metrics'> {
  return { type: 'metrics', points: Object.entries(values).map(([metric, value]) => ({ metric, step, value })) };
}

/** How the run ended: well. */
export const completed = {
  state: 'completed',
  reason: 'done',
  hint: null,
  exitCode: null,
  signal: null,
  stderrTail: null,
} as const;
