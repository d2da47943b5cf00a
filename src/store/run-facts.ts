/** What a runner tells the store of a run as a whole: how it begins and how it ends. */
import type { Experiment } from '../engine/config/experiment.ts';
import type { RunnerIdentity, RunState } from './rows.ts';

/** What is known of a run before its trainer starts. */
export interface NewRun {
  /** Made by `reserveRunId`, or chosen; a new one when left out. */
  readonly id?: string;
  readonly experiment: Experiment;
  /** Null for a run that nobody can look after, as in an import. */
  readonly runner: RunnerIdentity | null;
  /** Versions of the program and of Node; the trainer adds its own. */
  readonly versions: Readonly<Record<string, string>>;
  readonly gitCommit: string | null;
  readonly gitDirty: boolean | null;
  /** sha256 of the lock file that pins the program's dependencies, hex. */
  readonly lockfileHash: string | null;
  /** The checkpoint that the run begins from, and the run that it is of, if that is known. */
  readonly resumedFrom?: string | null;
  readonly parentRun?: string | null;
}

/** How a run ended. `exitCode` and `signal` are those of the trainer, null where it was not that. */
export interface RunEnd {
  readonly state: Extract<RunState, 'completed' | 'stopped' | 'failed'>;
  readonly reason: string;
  readonly hint: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrTail: string | null;
}
