/**
 * How fast the store writes and reads. Run it with Node 24:
 *   npx node experiments/bench/store.ts [folder]
 * The folder (a new one under the system's temporary folder by default) should lie on the disk in question; what is written
 * there, about 700 MB, is removed afterwards. Every figure is the median of 5 rounds unless it says otherwise.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { RunWriter } from '../../src/store/run-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { completed, newRun } from '../../tests/store/run-events.ts';
import { bleu, evaluationEvent } from '../../tests/support/evaluation.ts';

/** With 10,000 runs that is five million. */
const POINTS_OF_A_RUN = 500;
const say = (text: string) => process.stdout.write(`${text}\n`);

const [argument, filledFolder = ''] = process.argv.slice(2);
if (argument === '--open') openAgain(filledFolder);
else measureIn(mkdtempSync(join(argument ?? tmpdir(), 'bleubird-bench-')));

function measureIn(folder: string): void {
  try {
    say(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}`);
    const store = openStore(folder);
    recordEvents(store);
    readSeries(store);
    listRuns(store);
    store.close();
    // In a process of its own: this one is busy collecting what 10,000 writers leave behind.
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--open', folder], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recordEvents(store: Store): void {
  for (const [pointsPerEvent, events] of [
    [1, 20_000],
    [100, 2_000],
  ] as const) {
    const writer = store.createRun(newRun());
    const latencies: number[] = [];
    for (let seq = 1; seq <= events; seq++) {
      const points = Array.from({ length: pointsPerEvent }, (_, index) => ({
        metric: pointsPerEvent === 1 ? 'loss' : `metric_${index}`,
        step: seq,
        value: 1 / seq,
      }));
      latencies.push(timed(() => record(writer, seq, { type: 'metrics', points })));
    }
    writer.finish(completed);
    const totalMs = latencies.reduce((sum, ms) => sum + ms, 0);
    say(
      `record(), ${pointsPerEvent} points each: ${perSecond(events, totalMs)} events/s, ` +
        `${perSecond(events * pointsPerEvent, totalMs)} points/s, p99 ${quantile(latencies, 0.99).toFixed(3)} ms (${events} events)`,
    );
  }
}

function readSeries(store: Store): void {
  const writer = store.createRun(newRun({ id: 'long' }));
  for (let seq = 1; seq <= 100; seq++) {
    const points = Array.from({ length: 1_000 }, (_, index) => {
      const step = (seq - 1) * 1_000 + index;
      return { metric: 'loss', step, value: Math.sin(step / 500) + Math.random() };
    });
    record(writer, seq, { type: 'metrics', points });
  }
  writer.finish(completed);
  for (const maxPoints of [200, 600]) {
    report(`metricSeries() of 100,000 points to ${maxPoints}, the first reading, with openStore()`, () => {
      const reader = openStore(store.directory, { readOnly: true });
      reader.metricSeries('long', 'loss', maxPoints);
      reader.close();
    });
    report(`metricSeries() of 100,000 points to ${maxPoints}, read again`, () =>
      store.metricSeries('long', 'loss', maxPoints),
    );
  }
  report('metricSeries() of 100,000 points, all', () => store.metricSeries('long', 'loss'));
}

function listRuns(store: Store): void {
  const startMs = performance.now();
  for (let count = store.listRuns().length; count < 10_000; count++) {
    const writer = store.createRun(newRun({ id: `r${count}` }));
    record(writer, 1, evaluationEvent());
    const points = Array.from({ length: POINTS_OF_A_RUN }, (_, step) => ({
      metric: 'loss',
      step,
      value: 1 / (step + 1),
    }));
    record(writer, 2, { type: 'metrics', points });
    record(writer, 3, evaluationEvent({ stage: 'after', step: 20, bleu: bleu(20 + Math.random() * 30) }));
    writer.finish(completed);
  }
  say(
    `10,000 runs with ${POINTS_OF_A_RUN} points each made in ${((performance.now() - startMs) / 1000).toFixed(1)} s (once)`,
  );
  report('listRuns() of 10,000 runs', () => store.listRuns());
  report('findRun() among 10,000 runs, by a beginning', () => store.findRun('r99'.padEnd(5, '9')));
  report('unfinishedRuns() among 10,000 runs', () => store.unfinishedRuns());
}

function openAgain(folder: string): void {
  report('openStore() and close()', () => openStore(folder).close());
  report('the first screen of 10,000 runs: openStore(), unfinishedRuns(), listRuns()', () => firstScreen());
  const store = openStore(folder);
  store.createRun(newRun());
  store.close();
  const inAMinute = () => Date.now() + 60_000;
  report('openStore() after an unclean end, with quick_check', () => openStore(folder, { now: inAMinute }).close());
  report('the first screen after an unclean end', () => firstScreen(inAMinute));

  function firstScreen(now?: () => number): void {
    const opened = openStore(folder, { now });
    opened.unfinishedRuns();
    opened.listRuns();
    opened.close();
  }
}

function record(writer: RunWriter, seq: number, event: TrainerEvent): void {
  writer.record({ v: 1, seq, time: Date.now(), event });
}

function report(what: string, work: () => unknown): void {
  work();
  const times = Array.from({ length: 5 }, () => timed(work));
  say(`${what}: ${quantile(times, 0.5).toFixed(1)} ms`);
}

function timed(work: () => unknown): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function perSecond(count: number, ms: number): string {
  return Math.round((count / ms) * 1000).toLocaleString('en');
}
