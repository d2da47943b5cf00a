/** Everything that can happen to the UI, and everything it can ask for. */
import type { ConfigProblem } from '../../errors.ts';
import type { RunSummary } from '../../store/rows.ts';
import type { KeyPress } from '../key-names.ts';
import type { Preset } from '../services.ts';
import type { RunDetail } from './run-detail.ts';
import type { NamedRun, Size, TestOutcome, UiState } from './ui-state.ts';

/** A failure in words. */
export interface Failure {
  readonly message: string;
  readonly hint: string | null;
}

export type Message =
  | { readonly type: 'key'; readonly press: KeyPress }
  | { readonly type: 'pasted'; readonly text: string }
  | { readonly type: 'resized'; readonly size: Size }
  | { readonly type: 'clock'; readonly now: number }
  | { readonly type: 'runs-read'; readonly runs: readonly RunSummary[] }
  | { readonly type: 'detail-read'; readonly runId: string; readonly detail: RunDetail | null }
  | { readonly type: 'tested'; readonly key: string; readonly outcome: TestOutcome }
  | { readonly type: 'presets-read'; readonly presets: readonly Preset[] }
  /** The settings of a run, to start another from. */
  | { readonly type: 'settings-read'; readonly title: string; readonly values: Readonly<Record<string, string>> }
  | { readonly type: 'read-failed'; readonly failure: Failure }
  /** The services can be read again. */
  | { readonly type: 'read-recovered' }
  | { readonly type: 'experiment-checked'; readonly problems: readonly ConfigProblem[]; readonly isStart: boolean }
  | { readonly type: 'run-started'; readonly runId: string }
  | { readonly type: 'start-failed'; readonly failure: Failure }
  | { readonly type: 'experiment-written'; readonly path: string }
  /** Nothing was written: the file exists. */
  | {
      readonly type: 'file-exists';
      readonly fileName: string;
      readonly path: string;
      readonly values: Readonly<Record<string, string>>;
    }
  | { readonly type: 'stop-asked'; readonly title: string }
  | { readonly type: 'run-resumed'; readonly runId: string; readonly title: string }
  | { readonly type: 'resume-failed'; readonly runId: string; readonly failure: Failure }
  /** `failure`: why those that were to follow were left. */
  | { readonly type: 'runs-deleted'; readonly runs: readonly NamedRun[]; readonly failure: Failure | null }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Work for the world outside; each is done at once, in order, and answers with messages. */
export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'redraw' }
  | { readonly type: 'read-presets' }
  | { readonly type: 'read-settings'; readonly runId: string; readonly title: string }
  /** `isStart`: start the run when there are no problems. */
  | { readonly type: 'check-experiment'; readonly values: Readonly<Record<string, string>>; readonly isStart: boolean }
  | {
      readonly type: 'write-experiment';
      readonly values: Readonly<Record<string, string>>;
      readonly fileName: string;
      readonly overwrites: boolean;
    }
  | { readonly type: 'start-run'; readonly values: Readonly<Record<string, string>> }
  | { readonly type: 'stop-run'; readonly runId: string; readonly title: string }
  | { readonly type: 'resume-run'; readonly runId: string; readonly title: string }
  | { readonly type: 'delete-runs'; readonly runs: readonly NamedRun[] };

/** A new state, and what to do. */
export interface Update {
  readonly state: UiState;
  readonly effects: readonly Effect[];
}

export function update(state: UiState, ...effects: readonly Effect[]): Update {
  return { state, effects };
}

const INFO_MS = 4_000;
const ERROR_MS = 12_000;

/** The state with a line that says why nothing happened, or what did. */
export function withInfo(state: UiState, text: string): UiState {
  return { ...state, toast: { kind: 'info', text, lastsMs: INFO_MS, until: null } };
}

/** The state with a failure on its line. */
export function withFailure(state: UiState, failure: Failure): UiState {
  return { ...state, toast: { kind: 'error', text: failureText(failure), lastsMs: ERROR_MS, until: null } };
}

export function failureText({ message, hint }: Failure): string {
  const lines = message.split('\n').map((line) => line.trim());
  const text = lines.filter((line) => line !== '').join(' ');
  return hint === null ? text : `${text} ${hint}`;
}
