/** An imaginary run and its events, to fill stores with. */
import type { Experiment } from '../../src/engine/config/experiment.ts';
import type { Envelope, TrainerEvent, TrainerEventOf } from '../../src/engine/run/protocol.ts';
import type { NewRun } from '../../src/store/create-run.ts';

export const experiment: Experiment = {
  name: 'quick',
  description: 'for the tests of the store',
  model: '/models/demo',
  device: 'auto',
  data: {
    corpus: { format: 'tsv', path: '/data/pairs.tsv', source_column: 1, target_column: 2 },
    validation_corpus: null,
    source_lang: 'en',
    target_lang: 'fr',
    train_size: null,
    validation_size: 0.25,
    split_seed: 20,
    source_prefix: '',
    max_source_length: 128,
    max_target_length: 128,
    max_train_samples: null,
    max_eval_samples: null,
  },
  training: {
    learning_rate: 2e-5,
    per_device_train_batch_size: 4,
    per_device_eval_batch_size: 4,
    gradient_accumulation_steps: 1,
    num_train_epochs: 1,
    max_steps: -1,
    weight_decay: 0.01,
    adam_beta1: 0.9,
    adam_beta2: 0.999,
    adam_epsilon: 1e-8,
    max_grad_norm: 1,
    lr_scheduler_type: 'linear',
    warmup_steps: 0,
    warmup_ratio: 0,
    label_smoothing_factor: 0,
    dropout: null,
    group_by_length: false,
    logging_steps: 1,
    eval_strategy: 'no',
    eval_steps: 1,
    save_strategy: 'no',
    save_steps: 1,
    save_total_limit: null,
    seed: 42,
  },
  generation: { num_beams: 1, max_length: 40, length_penalty: null, early_stopping: null },
  evaluation: { before: true, after: true, references: 'decoded' },
};

export function newRun(changes: Partial<NewRun> = {}): NewRun {
  return {
    experiment,
    runner: { pid: 123, processStart: '456', bootId: 'boot', hostname: 'here' },
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

export function evaluationEvent(changes: Partial<TrainerEventOf<'evaluation'>> = {}): TrainerEventOf<'evaluation'> {
  return {
    type: 'evaluation',
    stage: 'before',
    step: 0,
    epoch: 0,
    sentences: 2,
    loss: 4,
    lossPerToken: 3.5,
    bleu: bleu(20.5),
    decoding: { numBeams: 1, maxLength: 40, lengthPenalty: 1, earlyStopping: false, references: 'decoded' },
    durationSeconds: 2.5,
    ...changes,
  };
}

export function bleu(score: number, signature = 'nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0') {
  return {
    score,
    counts: [9, 7, 5, 3],
    totals: [10, 8, 6, 4],
    precisions: [90, 87.5, 83.3, 75],
    brevityPenalty: 0.95,
    systemLength: 10,
    referenceLength: 11,
    signature,
  };
}

export function metrics(step: number, values: Readonly<Record<string, number | null>>): TrainerEventOf<'metrics'> {
  return { type: 'metrics', points: Object.entries(values).map(([metric, value]) => ({ metric, step, value })) };
}
