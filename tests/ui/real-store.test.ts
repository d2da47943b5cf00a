/** The UI over a real store in a temporary folder, fed with the events of a trainer: one path for live and past runs. */
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUiServices } from '../../src/cli/ui-services.ts';
import { experimentFromValues } from '../../src/engine/config/experiment-from-values.ts';
import { PROTOCOL_VERSION, type TrainerEvent } from '../../src/engine/run/protocol.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { LastingStore } from '../../src/store/lasting-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { RunWriter } from '../../src/store/run-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { bleu, evaluationEvent } from '../support/evaluation.ts';
import { fixtureServices } from './support/fixture-services.ts';
import { openScreen } from './support/screen.ts';

let directory: string;
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bleubird-ui-'));
  store = openStore(directory);
});

afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true, force: true });
});

function newRun(name: string, learningRate: string): RunWriter {
  const preset = fixtureServices().presetList[0];
  const values = { ...preset?.values, name, 'training.learning_rate': learningRate };
  return store.createRun({
    experiment: experimentFromValues(values, { directory }),
    runner: identityOf(process.pid),
    versions: {},
    gitCommit: null,
    gitDirty: null,
    lockfileHash: null,
  });
}

function recorder(writer: RunWriter): (event: TrainerEvent) => void {
  let seq = 0;
  return (event) => {
    seq += 1;
    writer.record({ v: PROTOCOL_VERSION, seq, time: Date.now(), event });
  };
}

const items = [{ index: 0, source: 'Open the file.', reference: 'Ouvrez le fichier.', hypothesis: 'Ouvre la file.' }];

function evaluation(stage: 'before' | 'after', step: number, score: number): TrainerEvent {
  return evaluationEvent({ stage, step, sentences: 1, bleu: bleu(score) });
}

/** All a trainer says until it trains. */
function beginTraining(record: (event: TrainerEvent) => void): void {
  record({
    type: 'ready',
    pid: process.pid,
    device: 'wasm',
    description: 'wasm',
    why: 'it always works',
    versions: {},
  });
  record({ type: 'plan', totalSteps: 100, stepsPerEpoch: 50, epochs: 2, parameters: 3_400_000 });
  record({ type: 'translations', stage: 'before', step: 0, items });
  record(evaluation('before', 0, 20.8));
  record({ type: 'phase', phase: 'training' });
}

function endTraining(
  record: (event: TrainerEvent) => void,
  writer: RunWriter,
  score: number,
  hypothesis: string,
): void {
  record({ type: 'translations', stage: 'after', step: 100, items: items.map((item) => ({ ...item, hypothesis })) });
  record(evaluation('after', 100, score));
  record({ type: 'ended', reason: 'completed', step: 100 });
  writer.finish({ state: 'completed', reason: 'completed', hint: null, exitCode: 0, signal: null, stderrTail: null });
}

function trainSteps(record: (event: TrainerEvent) => void, from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    const points = [
      { metric: 'loss', step, value: 4 / step },
      { metric: 'learning_rate', step, value: 1e-3 },
    ];
    record({ type: 'metrics', points });
  }
  record({ type: 'progress', phase: 'training', unit: 'steps', done: to, total: 100, etaSeconds: 100 - to });
}

function services(current = () => store): ReturnType<typeof createUiServices> {
  return createUiServices({ store: current, cwd: directory, env: {}, binPath: '/nonexistent', now: Date.now });
}

describe('with a real store', () => {
  it('shows a run live, then its end, and again from a new screen', async () => {
    const writer = newRun('first', '1e-3');
    const record = recorder(writer);
    const screen = await openScreen({ services: services() });
    await screen.shows(/first +○ pending/);
    await screen.press('enter');
    await screen.shows('waiting for the plan');
    beginTraining(record);
    trainSteps(record, 1, 40);
    await screen.shows(/40\/100 steps +ETA 1m 00s/);
    await screen.shows(/● running · training · wasm/);
    trainSteps(record, 41, 100);
    endTraining(record, writer, 53.8, 'Ouvrez le fichier.');
    await screen.shows(/BLEU 20\.8 → 53\.8 {2}▲ \+33\.0/);
    await screen.close();

    const again = await openScreen({ services: services(), initialRunId: writer.runId });
    await again.shows(/✓ completed/);
    await again.press('2');
    await again.shows(/after +Ouvrez le fichier\./);
    await again.close();
  });

  it('goes on with the store that a repair made of a damaged one', async () => {
    for (const name of ['kept', 'gone']) {
      const writer = newRun(name, '1e-3');
      const record = recorder(writer);
      beginTraining(record);
      endTraining(record, writer, 53.8, 'Ouvrez le fichier.');
    }
    store.close();
    const lasting = new LastingStore(directory);
    const screen = await openScreen({ services: services(() => lasting.current) });
    await screen.shows(/kept +✓ completed/);
    const file = join(directory, 'bleubird.sqlite');
    truncateSync(file, 8192);
    await screen.shows(/is damaged/);
    expect((await repairStore(directory, Date.now)).done).toContainEqual(expect.stringContaining('2 runs'));
    await screen.shows(/kept +✓ completed/);
    await screen.hides(/is damaged/);

    const repaired = openStore(directory);
    repaired.deleteRun(repaired.listRuns()[0]?.id ?? '');
    await screen.hides('gone');
    lasting.current.deleteRun(repaired.listRuns()[0]?.id ?? '');
    expect(repaired.listRuns()).toEqual([]);
    repaired.close();
    await screen.close();
    lasting.close();
  });

  it('compares two stored runs', async () => {
    for (const [name, learningRate, score, hypothesis] of [
      ['slow', '1e-5', 25.5, 'Ouvre le fichier.'],
      ['fast', '1e-3', 53.8, 'Ouvrez le fichier.'],
    ] as const) {
      const writer = newRun(name, learningRate);
      const record = recorder(writer);
      beginTraining(record);
      trainSteps(record, 1, 100);
      endTraining(record, writer, score, hypothesis);
    }
    const screen = await openScreen({ services: services() });
    await screen.shows('slow');
    await screen.press('space', 'space', 'c');
    await screen.shows(/slow \w+ +20\.8 +25\.5 +\S+ +▲ \+4\.7/);
    await screen.press('2');
    await screen.shows(/training\.learning_rate +0\.001 +1e-5/);
    await screen.press('3');
    await screen.shows('Open the file.');
    await screen.press('esc', 'e');
    await screen.shows(/like (slow|fast)/);
    await screen.close();
  });
});
