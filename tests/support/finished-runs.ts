/** A store of runs that have ended, for commands that look at them. Nothing is trained. */
import { parseExperiment } from '../../src/engine/config/parse-experiment.ts';
import { PROTOCOL_VERSION, type TrainerEvent } from '../../src/engine/run/protocol.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { RunEnd } from '../../src/store/run-facts.ts';
import { completed } from '../store/run-events.ts';

/** The experiment of every run, beside its name. */
export const experimentText = `
model: /models/m
data:
  corpus: {format: jsonl, path: c.jsonl}
  source_lang: en
  target_lang: fr
`;

export interface FinishedRun {
  readonly id: string;
  /** One a second, from the second 0 on. */
  readonly events: readonly TrainerEvent[];
  /** Settings as `--set` takes them, beside the name, which is the id. */
  readonly overrides?: readonly string[];
  /** By default it completed. */
  readonly end?: RunEnd;
}

/** Makes the store, with these runs from the oldest to the newest. */
export function writeFinishedRuns(directory: string, runs: readonly FinishedRun[]): void {
  const store = openStore(directory);
  for (const { id, events, overrides = [], end = completed } of runs) {
    const experiment = parseExperiment(experimentText, {
      fileName: 'e.yaml',
      directory: '/',
      overrides: [`name=${id}`, ...overrides],
    });
    const none = { gitCommit: null, gitDirty: null, lockfileHash: null };
    const writer = store.createRun({ id, experiment, runner: null, versions: {}, ...none });
    for (const [index, event] of events.entries()) {
      writer.record({ v: PROTOCOL_VERSION, seq: index + 1, time: index * 1000, event });
    }
    writer.finish(end);
  }
  store.close();
}
