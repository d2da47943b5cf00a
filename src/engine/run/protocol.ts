/**
 * The messages between runner and trainer: events go up, commands go down, over Node's IPC channel.
 * Each is one plain JSON object `{v, type, …}`, validated on arrival; an unknown or ill-formed one is an error, not a guess.
 * Think of the events as the run's history: whoever replays them in order knows all a listener knew.
 */
import * as z from 'zod';

export const PROTOCOL_VERSION = 1;

const step = z.number().int().nonnegative();
const count = z.number().int().nonnegative();
/** JSON has no NaN or Infinity: null stands for a number that is not finite. */
const number = z.number().nullable();
const stage = z.enum(['before', 'epoch', 'after']);

const lineProblem = z.object({
  file: z.string(),
  line: z.number().int().positive(),
  reason: z.enum(['unpaired', 'not-utf8', 'empty', 'malformed', 'fuzzy', 'obsolete', 'untranslated', 'other-language']),
  detail: z.string(),
});

const bleuResult = z.object({
  score: z.number(),
  counts: z.array(count),
  totals: z.array(count),
  precisions: z.array(z.number()),
  brevityPenalty: z.number(),
  systemLength: count,
  referenceLength: count,
  signature: z.string(),
});

/** What decided the outputs; equal objects mean comparable outputs. */
const decoding = z.object({
  numBeams: z.number().int().positive(),
  maxLength: z.number().int().positive(),
  lengthPenalty: z.number(),
  earlyStopping: z.union([z.boolean(), z.literal('never')]),
  /** Absent is transformers-4, as in what was recorded before there was a choice. */
  compatibility: z.literal('transformers-5').optional(),
  references: z.enum(['decoded', 'raw']),
});

export const trainerEvent = z.discriminatedUnion('type', [
  /** The trainer has loaded its backend. `device` names the one in use, `description` says what it runs on, `why` the reason. */
  z.object({
    type: z.literal('ready'),
    pid: z.number().int().positive(),
    device: z.string(),
    description: z.string(),
    why: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  /** Comes after `plan` where a training goes on from a checkpoint: steps up to `step` are made. */
  z.object({ type: z.literal('resumed'), step, checkpoint: z.string() }),
  /** The corpus as read and split; `problems` are the first 1,000 lines left out, `problemCounts` all of them. */
  z.object({
    type: z.literal('data'),
    pairs: count,
    trainSize: count,
    validationSize: count,
    truncatedSources: count,
    truncatedTargets: count,
    problems: z.array(lineProblem),
    problemCounts: z.record(z.string(), count),
    /** sha256 of the pairs in order, hex. */
    dataHash: z.string(),
  }),
  /** What will be done: optimizer steps in all and by epoch, trainable parameters. */
  z.object({ type: z.literal('plan'), totalSteps: step, stepsPerEpoch: step, epochs: z.number(), parameters: count }),
  z.object({
    type: z.literal('phase'),
    phase: z.enum([
      'loading',
      'evaluating-before',
      'training',
      'evaluating',
      'evaluating-after',
      'saving',
      'paused-for-disk-space',
    ]),
  }),
  /** Progress inside the phase; `unit` says what is counted. */
  z.object({
    type: z.literal('progress'),
    phase: z.string(),
    unit: z.enum(['steps', 'sentences']),
    done: count,
    total: count,
    etaSeconds: number,
  }),
  /**
   * Points of the metric series. Names: loss, learning_rate, grad_norm, epoch, samples_per_second, eval_loss, eval_bleu.
   * `loss` of each step is nats per target piece.
   */
  z.object({
    type: z.literal('metrics'),
    points: z.array(z.object({ metric: z.string(), step, value: number })),
  }),
  /** A sentence translated while the run goes on, for the eye. */
  z.object({
    type: z.literal('sample'),
    step,
    index: count,
    source: z.string(),
    reference: z.string(),
    hypothesis: z.string(),
  }),
  /** Translations of an evaluation, in chunks, always before its `evaluation` event. `index` counts validation rows. */
  z.object({
    type: z.literal('translations'),
    stage,
    step,
    items: z.array(z.object({ index: count, source: z.string(), reference: z.string(), hypothesis: z.string() })),
  }),
  /**
   * One model scored on the validation set. `loss`: mean of batch means, as Trainer's eval_loss; `lossPerToken`:
   * token-weighted. Without predict_with_generate nothing is translated: `bleu` and `decoding` are null, both or neither.
   */
  z.object({
    type: z.literal('evaluation'),
    stage,
    step,
    epoch: z.number(),
    sentences: count,
    loss: number,
    lossPerToken: number,
    bleu: bleuResult.nullable(),
    decoding: decoding.nullable(),
    durationSeconds: z.number(),
  }),
  /** `isBest`: the best so far by metric_for_best_model; absent where none is asked for. */
  z.object({
    type: z.literal('checkpoint'),
    step,
    epoch: z.number(),
    path: z.string(),
    sizeBytes: count,
    isBest: z.boolean().optional(),
  }),
  z.object({ type: z.literal('checkpoint-removed'), step, path: z.string() }),
  z.object({ type: z.literal('warning'), message: z.string() }),
  /**
   * The last event of a trainer that ends as it should; `stopped` when it was asked to. `step` is the last one made,
   * `detail` says what is special about the end: that it came early, or that an earlier model was the best.
   */
  z.object({
    type: z.literal('ended'),
    reason: z.enum(['completed', 'stopped']),
    step,
    detail: z.string().optional(),
  }),
  /** The last event of a trainer that cannot go on. */
  z.object({
    type: z.literal('failed'),
    code: z.enum(['CONFIG', 'DATA', 'MODEL', 'DEVICE', 'STORE', 'RUN_FAILED', 'CANCELLED']),
    exitCode: z.number().int(),
    message: z.string(),
    hint: z.string().nullable(),
  }),
]);

const trainerCommand = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    /** An Experiment, as read. */
    experiment: z.unknown(),
    /** Folder for checkpoints, made by the runner. */
    runDirectory: z.string(),
    /** Where to go on from, null for a start from the beginning. `hasBefore`: the untouched model is scored already. */
    resume: z.object({ checkpoint: z.string(), hasBefore: z.boolean() }).nullable(),
    /** Where events go that no runner takes any more, numbered after those the run had; null where nowhere. */
    journal: z.object({ path: z.string(), lastSeq: count }).nullable().default(null),
    /** The trainer's parent, which it does not outlive by more than 2 s; null where its life is watched otherwise. */
    runnerPid: z.number().int().positive().nullable().default(null),
  }),
  /** No event is recorded any more: they belong into the journal. */
  z.object({ type: z.literal('leave') }),
  /** The runner has the events up to `seq` in the store. */
  z.object({ type: z.literal('recorded'), seq: count }),
  /** Begin no step any more, save a checkpoint, say `ended`. */
  z.object({ type: z.literal('stop') }),
  /** Save a checkpoint after the step in hand, and go on. */
  z.object({ type: z.literal('checkpoint-now') }),
]);

export type TrainerEvent = z.infer<typeof trainerEvent>;
export type TrainerCommand = z.infer<typeof trainerCommand>;
export type TrainerEventOf<T extends TrainerEvent['type']> = Extract<TrainerEvent, { type: T }>;
export type LineProblem = z.infer<typeof lineProblem>;
export type BleuResult = z.infer<typeof bleuResult>;
export type Decoding = z.infer<typeof decoding>;
export type EvaluationStage = z.infer<typeof stage>;
export type TrainerJournal = NonNullable<Extract<TrainerCommand, { type: 'start' }>['journal']>;
export type ResumePoint = NonNullable<Extract<TrainerCommand, { type: 'start' }>['resume']>;
export type Phase = TrainerEventOf<'phase'>['phase'];

/** An event as it is told: numbered from 1 by the trainer, without gaps, so that a loss in transit is seen. */
export const envelope = z.object({
  v: z.literal(PROTOCOL_VERSION),
  seq: z.number().int().positive(),
  /** Milliseconds since 1970. */
  time: z.number(),
  event: trainerEvent,
});
export type Envelope = z.infer<typeof envelope>;

export const commandEnvelope = z.object({ v: z.literal(PROTOCOL_VERSION), command: trainerCommand });
