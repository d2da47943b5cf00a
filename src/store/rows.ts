/** What the store gives back: one type for each kind of row, all readonly, camelCase, numbers in plain units. */
import type { BleuResult, Decoding, EvaluationStage } from '../engine/run/protocol.ts';
import type { RunState } from './run-state.ts';

export type { RunState };

/** Evidence that a runner lives: a process number alone can be reused, with start time and boot it cannot. */
export interface RunnerIdentity {
  readonly pid: number;
  /** Kernel's start time of the process, in clock ticks since boot; null where it cannot be read. */
  readonly processStart: string | null;
  readonly bootId: string | null;
  /** In which its number counts; a container has one of its own. Null where there is none, or it is not told. */
  readonly pidNamespace: string | null;
  readonly hostname: string;
}

/** A run as the tables show it. Times are milliseconds since 1970. */
export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** How long it had worked before `startedAt`, milliseconds: more than 0 for a run that was resumed. */
  readonly earlierMs: number;
  /** When a user asked it to stop; null while nobody did. */
  readonly stopRequestedAt: number | null;
  /** Last sign of life of the runner. */
  readonly heartbeatAt: number | null;
  readonly model: string;
  readonly device: string | null;
  readonly seed: number;
  readonly phase: string | null;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly etaSeconds: number | null;
  readonly samplesPerSecond: number | null;
  readonly loss: number | null;
  readonly bleuBefore: number | null;
  readonly bleuAfter: number | null;
  /** after − before; null while either is missing, or when the two cannot be compared. */
  readonly bleuDelta: number | null;
}

/** All that is known of a run beside its series and sentences. */
export interface RunRecord extends RunSummary {
  /** The Experiment as JSON. */
  readonly experiment: unknown;
  readonly runner: RunnerIdentity | null;
  readonly trainerPid: number | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly gitCommit: string | null;
  readonly gitDirty: boolean | null;
  readonly lockfileHash: string | null;
  readonly dataHash: string | null;
  readonly trainSize: number | null;
  readonly validationSize: number | null;
  readonly parameterCount: number | null;
  readonly directory: string;
  /** The checkpoint that it began from, null for a run from the beginning. */
  readonly resumedFrom: string | null;
  /** Id of the run that this checkpoint is of, where its folder tells. */
  readonly parentRun: string | null;
  /** Why it ended, in words; null while it goes on. */
  readonly endReason: string | null;
  readonly endHint: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrTail: string | null;
}

export interface MetricPoint {
  readonly step: number;
  /** Null where the number was not finite. */
  readonly value: number | null;
  readonly time: number;
}

export interface EvaluationRow {
  readonly id: number;
  readonly runId: string;
  readonly stage: EvaluationStage;
  readonly step: number;
  readonly epoch: number;
  readonly sentences: number;
  readonly loss: number | null;
  readonly lossPerToken: number | null;
  /** Null like `decoding` where nothing was translated: the loss alone was measured. */
  readonly bleu: BleuResult | null;
  readonly decoding: Decoding | null;
  readonly durationSeconds: number;
  readonly time: number;
}

/** The untouched and the fine-tuned model on the same sentences with the same settings: one record. */
export interface BeforeAfter {
  readonly runId: string;
  readonly before: EvaluationRow;
  readonly after: EvaluationRow;
  readonly signature: string;
  readonly bleuDelta: number;
  readonly lossDelta: number | null;
}

/** One validation sentence with its translations; null where that evaluation has not been made. */
export interface TranslationRow {
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface SampleRow {
  readonly step: number;
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  readonly hypothesis: string;
  readonly time: number;
}

export interface CheckpointRow {
  readonly step: number;
  readonly epoch: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
  readonly removedAt: number | null;
}

/** A line of the run's diary: warnings, phases, the end. */
export interface EventRow {
  readonly seq: number;
  readonly time: number;
  readonly type: string;
  readonly text: string;
}
