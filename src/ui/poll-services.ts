/**
 * Reads the services again and again, only what the shown screens need, and tells the store what changed. An idle screen
 * hears nothing, so it is not drawn again.
 */
import { isDeepStrictEqual } from 'node:util';
import type { UiServices } from './services.ts';
import { readRunDetail } from './state/run-detail.ts';
import { isActive } from './state/runs-list.ts';
import { wantedTest } from './state/significance.ts';
import type { Screen, TestOutcome, UiState } from './state/ui-state.ts';
import { describeFailure, type UiStore } from './ui-store.ts';

/** Between two readings of a run that is looked at. */
const LIVE_MS = 250;
/** Every so many of them, the list of runs and compared runs are read. */
const SLOW_EVERY = 4;
const IDLE_CLOCK_MS = 5_000;

export interface Polling {
  stop(): void;
}

/** Begins with a reading; the caller stops it. */
export function pollServices(services: UiServices, store: UiStore): Polling {
  let count = 0;
  let readFor: readonly Screen[] = [];
  const testing = new AbortController();
  const read = (isSlowTurn: boolean) => {
    readFor = store.getState().screens;
    tellTime(services, store);
    try {
      readServices(services, store, isSlowTurn);
      requestTest(services, store, testing.signal);
      // A turn that had nothing to read proves nothing.
      if (isSlowTurn && store.getState().readError !== null) store.dispatch({ type: 'read-recovered' });
    } catch (error) {
      const failure = describeFailure(error);
      store.dispatch({ type: 'read-failed', failure });
    }
  };
  const timer = setInterval(() => {
    count += 1;
    read(count % SLOW_EVERY === 0);
  }, LIVE_MS);
  const unsubscribe = store.subscribe(() => {
    if (needsReading(readFor, store.getState().screens)) read(true);
  });
  read(true);
  return {
    stop() {
      clearInterval(timer);
      unsubscribe();
      testing.abort();
    },
  };
}

function readServices(services: UiServices, store: UiStore, isSlowTurn: boolean): void {
  if (isSlowTurn) {
    const runs = services.listRuns();
    if (!isDeepStrictEqual(runs, store.getState().list.runs)) store.dispatch({ type: 'runs-read', runs });
  }
  for (const screen of store.getState().screens) {
    if (screen.type === 'live') readDetail(services, store, screen.runId, screen.tab === 'samples', isSlowTurn);
    if (screen.type !== 'compare' || !isSlowTurn) continue;
    for (const runId of screen.runIds) readDetail(services, store, runId, true, isSlowTurn);
  }
}

// Each test is made once; the next reading meets its outcome, or that it is under way.
function requestTest(services: UiServices, store: UiStore, signal: AbortSignal): void {
  const wanted = wantedTest(store.getState());
  if (wanted === null || wanted.key in store.getState().tests) return;
  const { key, runIds } = wanted;
  const tell = (outcome: TestOutcome) => store.dispatch({ type: 'tested', key, outcome });
  tell('pending');
  services.testRuns(runIds, signal).then(tell, (error: unknown) => {
    if (signal.aborted) return;
    tell(null);
    store.dispatch({ type: 'failed', failure: describeFailure(error) });
  });
}

// A run that has ended changes only when it is taken up again: the slow turn is enough for it.
function readDetail(
  services: UiServices,
  store: UiStore,
  runId: string,
  wantsTranslations: boolean,
  isSlowTurn: boolean,
): void {
  const previous = store.getState().details[runId];
  const isQuiet = previous !== undefined && (previous === null || !isActive(previous.record.state));
  if (isQuiet && !isSlowTurn) return;
  const detail = readRunDetail(services, runId, previous ?? null, wantsTranslations);
  if (previous === undefined || detail !== previous) store.dispatch({ type: 'detail-read', runId, detail });
}

// While runs go on or a message waits to go, time moves by seconds; otherwise ages are at most so late.
function tellTime(services: UiServices, store: UiStore): void {
  const { list, toast, now } = store.getState();
  const isBusy = toast !== null || (list.runs ?? []).some(({ state }) => isActive(state));
  const unit = isBusy ? 1_000 : IDLE_CLOCK_MS;
  const time = Math.floor(services.now() / unit) * unit;
  if (time !== now || toast?.until === null) store.dispatch({ type: 'clock', now: time });
}

// A run, a comparison or a tab not read for yet.
function needsReading(readFor: UiState['screens'], screens: UiState['screens']): boolean {
  if (readFor === screens) return false;
  const what = (shown: UiState['screens']) =>
    shown.map((screen) =>
      screen.type === 'live'
        ? `${screen.runId} ${screen.tab === 'samples'}`
        : screen.type === 'compare'
          ? screen.runIds
          : '',
    );
  return !isDeepStrictEqual(what(readFor), what(screens));
}
