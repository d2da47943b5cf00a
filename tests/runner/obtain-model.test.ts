/** A model of the hub, as a run gets it. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CancelledError, ModelError } from '../../src/errors.ts';
import { lookUpModel, obtainModel } from '../../src/runner/obtain-model.ts';
import { type RunExperimentOptions, runExperiment } from '../../src/runner/run-experiment.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { demoModel } from '../support/demo-model.ts';
import { addDemoRepository } from '../support/demo-repository.ts';
import { type FakeHub, type FakeRepository, startFakeHub } from '../support/fake-hub.ts';
import { scripted } from './scripted.ts';

let hub: FakeHub;
let model: FakeRepository;
let env: Record<string, string>;

beforeEach(async () => {
  hub = await startFakeHub();
  model = addDemoRepository(hub);
  env = { HF_HOME: temporaryFolder(), HF_ENDPOINT: hub.endpoint };
});
afterEach(() => hub.close());

const store = null;
const onWarning = (message: string) => expect.unreachable(message);
const snapshotOf = (commit: string) => join(env.HF_HOME ?? '', 'hub', 'models--Org--demo', 'snapshots', commit);

describe('a hub id', () => {
  it('is fetched once, and the hub is asked no more, though its branch moves on', async () => {
    const commit = model.refs.main ?? '';
    expect(await lookUpModel('Org/demo', { store, onWarning, env })).toBeNull();
    expect(await obtainModel('Org/demo', { store, onWarning, env })).toBe(snapshotOf(commit));
    hub.requests.length = 0;
    model.refs.main = 'e'.repeat(40);
    expect(await obtainModel('Org/demo', { store, onWarning, env })).toBe(snapshotOf(commit));
    expect(await lookUpModel('Org/demo', { store, onWarning, env })).toBe(snapshotOf(commit));
    expect(hub.requests).toEqual([]);
    expect(await obtainModel(`Org/demo@${'e'.repeat(40)}`, { store, onWarning, env })).toBe(snapshotOf('e'.repeat(40)));
  });

  it('of which the cache has only a part is completed, or taken as it is when offline', async () => {
    const directory = await obtainModel('Org/demo', { store, onWarning, env });
    rmSync(join(directory, 'vocab.json'));
    expect(await obtainModel('Org/demo', { store, onWarning, env: { ...env, HF_HUB_OFFLINE: '1' } })).toBe(directory);
    expect(readdirSync(directory)).not.toContain('vocab.json');
    await obtainModel('Org/demo', { store, onWarning, env });
    expect(readdirSync(directory)).toContain('vocab.json');
  });

  it('that is nowhere says where it was looked for', async () => {
    for (const find of [obtainModel, lookUpModel]) {
      const error: unknown = await find('my/modle', { store, onWarning, env }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toHaveProperty(
        'message',
        `The model "my/modle" is neither a directory nor whole in the Hugging Face cache ${env.HF_HOME}/hub, and cannot be ` +
          `fetched. The model my/modle is not at ${hub.endpoint}, or it is private (401).`,
      );
    }
  });

  it('is not asked for when HF_HUB_OFFLINE forbids it', async () => {
    const offline = { ...env, HF_HUB_OFFLINE: '1' };
    await expect(obtainModel('Org/demo', { store, onWarning, env: offline })).rejects.toMatchObject({
      message: expect.stringContaining('is neither a directory nor in the Hugging Face cache'),
      hint: expect.stringContaining('"bleubird fetch Org/demo", which HF_HUB_OFFLINE forbids,'),
    });
    expect(hub.requests).toEqual([]);
  });

  it('is a folder when there is one of that name', async () => {
    expect(await obtainModel(demoModel, { store, onWarning, env })).toBe(demoModel);
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'config.json.d'));
    writeFileSync(join(folder, 'config.json'), '{}');
    expect(await lookUpModel(folder, { store, onWarning, env })).toBe(resolve(folder));
    expect(hub.requests).toEqual([]);
  });
});

describe('a run with a model of the hub', () => {
  function run(ofStore: Store, changes: Partial<RunExperimentOptions> = {}) {
    const { experiment, trainerPath } = scripted('steps-3');
    const stop = new AbortController().signal;
    return runExperiment({
      experiment: { ...experiment, model: 'Org/demo' },
      trainerPath,
      store: ofStore,
      stop,
      env,
      ...changes,
    });
  }
  it('is in the store before its model is here, and tells how far that is', async () => {
    const runs = newStore();
    const told: number[] = [];
    const onStart = () => expect(hub.requests.map(({ path }) => path)).toEqual(['/api/models/Org/demo/revision/main']);
    const outcome = await run(runs, { onStart, onFetch: (doneBytes) => told.push(doneBytes) });
    expect(outcome).toMatchObject({ state: 'completed', error: null });
    expect(told.length).toBeGreaterThan(2);
    const { id } = runs.findRun('last');
    const notes = runs.events(id, 100).filter(({ type }) => type === 'model');
    expect(notes.map(({ text }) => text).reverse()).toEqual(expect.arrayContaining(['fetching Org/demo from the hub']));
  });

  it('that is not at the hub leaves no run', async () => {
    const runs = newStore();
    const { experiment } = scripted('steps-3');
    await expect(run(runs, { experiment: { ...experiment, model: 'Org/other' } })).rejects.toBeInstanceOf(ModelError);
    expect(runs.listRuns()).toEqual([]);
  });

  it('that comes damaged fails with the reason', async () => {
    const runs = newStore();
    hub.fault = ({ server }) => (server === 'storage' ? { type: 'damage' } : null);
    const { state, error } = await run(runs);
    expect(state).toBe('failed');
    expect(error).toBeInstanceOf(ModelError);
    const reason = runs.findRun('last').endReason;
    expect(reason).toMatch(
      /^The model "Org\/demo" is neither .+ cannot be fetched\. What http\S+ sent is damaged or another file: its sha256 is/,
    );
  });

  it('is stopped while it is fetched, and fetched on by the next', async () => {
    const runs = newStore();
    hub.fault = ({ server }) => (server === 'storage' ? { type: 'slow', chunkBytes: 200_000, pauseMs: 20 } : null);
    const stop = new AbortController();
    const onFetch = (doneBytes: number) => doneBytes > 1_000_000 && stop.abort();
    const { state, error } = await run(runs, { stop: stop.signal, onFetch });
    expect(state).toBe('stopped');
    expect(error).toBeInstanceOf(CancelledError);
    expect(runs.findRun('last').endReason).toBe('Stopped at the request of the user while its model was fetched.');
    hub.fault = () => null;
    hub.requests.length = 0;
    expect(await run(runs)).toMatchObject({ state: 'completed' });
    expect(hub.requests.some(({ headers }) => headers.range !== undefined)).toBe(true);
  });
});
