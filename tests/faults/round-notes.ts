/** What is known of a round of the campaign, and noted in it, for those who check. */
import type { Seen } from './ask-ls.ts';
import type { Fault, Random } from './faults.ts';

export const RUN = 'toy';
/** Of a process that has been asked to end. */
export const PATIENCE_MS = 60_000;
/** Within this time of the death of its process a run is told to have ended. */
export const TRUE_WITHIN_MS = 2_000;

/** How long it took until it was told that a run had ended. */
export interface Told extends Seen {
  readonly by: 'ls' | 'the screens';
}

export interface Outcome {
  /** What was found wrong, a line each, none when all held. */
  readonly wrong: readonly string[];
  readonly told: readonly Told[];
}

/** What is known of a round, and noted in it. */
export interface Round {
  readonly fault: Fault;
  readonly directory: string;
  readonly runDirectory: string;
  readonly modelDirectory: string;
  readonly random: Random;
  readonly memoryKillsBefore: number | null;
  readonly wrong: string[];
  readonly told: Told[];
  /** The processes that were started. */
  readonly pids: number[];
}
