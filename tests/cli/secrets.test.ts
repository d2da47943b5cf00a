/** The hub's token: where it must be, and nowhere else. A run that pushes, to a hub that quotes the token in what it refuses. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainerEnvironment } from '../../src/runner/trainer-environment.ts';
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts';
import { takeUploads } from '../support/fake-hub-uploads.ts';
import { tinyModel } from '../support/tiny-model.ts';
import { runCli, startCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

let hub: FakeHub;
let folder: string;
let home: string;
let printed = '';
const processes = new Map<number, { readonly command: string; readonly environment: string }>();

beforeAll(async () => {
  hub = await startFakeHub();
  takeUploads(hub);
  folder = temporaryFolder();
  home = temporaryFolder();
  // Every third request is refused, with the token in all that a refusal can say.
  let requests = 0;
  hub.fault = ({ path }) =>
    path.includes('whoami') || ++requests % 3 !== 0
      ? null
      : { type: 'status', status: 403, headers: { 'x-error-message': `\u009b31mno ${hub.token}` } };
  const settings = ['push_to_hub=true', 'hub_model_id=tuned', 'save_strategy=steps', 'save_steps=2'];
  const runner = startCli(
    [
      'run',
      writeTinyExperiment(folder, tinyModel),
      '--no-ui',
      ...settings.flatMap((one) => ['--set', `training.${one}`]),
    ],
    { cwd: folder, env: environment() },
  );
  for (const stream of [runner.stdout, runner.stderr]) {
    stream.on('data', (chunk) => {
      printed += String(chunk);
    });
  }
  const watch = setInterval(() => lookAt(runner.pid ?? 0), 20);
  await new Promise((resolve) => runner.once('close', resolve));
  clearInterval(watch);
});
afterAll(() => hub.close());

const environment = () => ({
  HF_HOME: home,
  HF_HUB_OFFLINE: '0',
  HF_ENDPOINT: hub.endpoint,
  HF_TOKEN: hub.token,
});

/** Keeps what the system tells anybody of a process and those it has started. */
function lookAt(pid: number): void {
  try {
    const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'latin1').replaceAll('\0', ' ');
    const children = read(`task/${pid}/children`).split(' ').filter(Boolean).map(Number);
    if (readlinkSync(`/proc/${pid}/exe`) === process.execPath) {
      processes.set(pid, { command: read('cmdline') + read('comm'), environment: read('environ') });
    }
    for (const child of children) lookAt(child);
  } catch {
    // It has just ended.
  }
}

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) =>
    join(parentPath, name),
  );
}

describe('the token of the hub', () => {
  it('stands in no file of the run and of the store', () => {
    const files = filesIn(folder).filter((path) => statSync(path).isFile());
    expect(files.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(
      expect.arrayContaining(['bleubird.sqlite', 'journal.jsonl', 'trainer.log', 'model.safetensors']),
    );
    expect(files.filter((path) => readFileSync(path).includes(hub.token))).toEqual([]);
  });

  it('stands in nothing that is printed, by the run or of it', async () => {
    expect(printed).toMatch(/\*\*\*/);
    expect(printed).not.toContain(hub.token);
    for (const args of [
      ['show', 'last'],
      ['show', 'last', '--json'],
      ['ls', '--json'],
      ['export', 'last'],
      ['doctor'],
    ]) {
      const { stdout, stderr } = await runCli(args, { cwd: folder, env: environment() });
      expect(stdout + stderr).not.toContain(hub.token);
    }
  });

  it.runIf(process.platform === 'linux')('is in no command line, and not in the environment of the trainer', () => {
    const trainers = [...processes.values()].filter(({ command }) => command.includes('trainer.'));
    expect(trainers.length).toBeGreaterThan(0);
    for (const { command } of processes.values()) expect(command).not.toContain(hub.token);
    for (const { environment: given } of trainers) expect(given).not.toContain(hub.token);
  });

  it('is given to a trainer that fetches its corpus from the hub', () => {
    const corpus = { format: 'hub' } as Parameters<typeof trainerEnvironment>[1]['corpus'];
    const file = { format: 'tsv' } as typeof corpus;
    const env = { HF_TOKEN: 'a', HUGGING_FACE_HUB_TOKEN: 'b', PATH: 'c' };
    expect(trainerEnvironment(env, { corpus, validation_corpus: null })).toEqual(env);
    expect(trainerEnvironment(env, { corpus: file, validation_corpus: corpus })).toEqual(env);
    expect(trainerEnvironment(env, { corpus: file, validation_corpus: null })).toEqual({ PATH: 'c' });
  });
});

it.skipIf(process.platform === 'win32')('the store and the folders of runs are for their owner only', () => {
  const store = join(folder, '.bleubird');
  const open = (path: string) => statSync(path).mode & 0o077;
  const [run = ''] = readdirSync(join(store, 'runs'));
  const places = [store, join(store, 'runs'), join(store, 'runs', run), join(store, 'runs', run, 'checkpoints')];
  const files = filesIn(store).filter((path) => /\.(sqlite.*|jsonl|log)$/.test(path));
  expect(files.length).toBeGreaterThan(2);
  for (const path of [...places, ...files]) expect(`${path} ${open(path).toString(8)}`).toBe(`${path} 0`);
});
