/** `bleubird fetch`, and the commands that fetch a model by themselves, in a process of their own. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DownloadProgress } from '../../src/cli/download-progress.ts';
import { addDemoRepository } from '../support/demo-repository.ts';
import { addRepository, type FakeHub, type FakeRepository, startFakeHub } from '../support/fake-hub.ts';
import { runCli, startCli, temporaryFolder } from './run-cli.ts';

let hub: FakeHub;
let model: FakeRepository;

beforeAll(async () => {
  hub = await startFakeHub();
  model = addDemoRepository(hub);
});
afterAll(() => hub.close());

const environment = (home = temporaryFolder()) => ({ HF_HOME: home, HF_HUB_OFFLINE: '0', HF_ENDPOINT: hub.endpoint });

it('prints the folder of a model, and a line for each tenth', async () => {
  const env = environment();
  const { code, stdout, stderr } = await runCli(['fetch', 'Org/demo'], { env });
  const directory = join(env.HF_HOME, 'hub/models--Org--demo/snapshots', model.refs.main ?? '');
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${directory}\n` });
  expect(readdirSync(directory)).not.toContain('README.md');
  const lines = stderr.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(lines.at(-1)).toBe('fetching Org/demo: 100 %, 9.6 MB of 9.6 MB');
  expect(await runCli(['fetch', 'Org/demo'], { env })).toEqual({ code: 0, stdout: `${directory}\n`, stderr: '' });
});

it('prints a dataset as JSON', async () => {
  const files = new Map([['data/train.jsonl', { bytes: Buffer.from('{}\n'), isLarge: false }]]);
  const { refs } = addRepository(hub, { id: 'Org/data', type: 'dataset', files });
  const env = environment();
  const { code, stdout } = await runCli(['fetch', `Org/data@${refs.main}`, '--dataset', '--json'], { env });
  expect(code).toBe(0);
  const directory = join(env.HF_HOME, 'hub/datasets--Org--data/snapshots', refs.main ?? '');
  const expected = { type: 'dataset', id: 'Org/data', revision: refs.main, directory, files: ['data/train.jsonl'] };
  expect(JSON.parse(stdout)).toEqual(expected);
});

it.each([
  { name: 'Org/demoo', code: 4, message: /error: The model Org\/demoo is not at http.+\nhint: Check the name/s },
  {
    name: 'https://huggingface.co/x/y',
    code: 2,
    message: /error: "https.+" is not the name of a repository on the hub/,
  },
])('refuses $name with exit code $code', async ({ name, code, message }) => {
  const result = await runCli(['fetch', name], { env: environment() });
  expect(result).toEqual({ code, stdout: '', stderr: expect.stringMatching(message) });
});

it('ends with 130 on Ctrl-C, and goes on where it was', async () => {
  const env = environment();
  hub.fault = ({ server }) => (server === 'storage' ? { type: 'slow', chunkBytes: 200_000, pauseMs: 20 } : null);
  const child = startCli(['fetch', 'Org/demo'], { env });
  child.stderr.once('data', () => child.kill('SIGINT'));
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130);
  expect(said).toMatch(/^Cancelled\.$/m);
  hub.fault = () => null;
  hub.requests.length = 0;
  expect((await runCli(['fetch', 'Org/demo'], { env })).code).toBe(0);
  expect(hub.requests.some(({ headers }) => headers.range !== undefined)).toBe(true);
});

it('happens by itself for a command that wants a model', async () => {
  const { code, stdout, stderr } = await runCli(['tokenize', '--model', 'Org/demo'], {
    env: environment(),
    input: 'Open the file.\n',
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+( \d+)+\n$/);
  expect(stderr).toContain('fetching Org/demo: 100 %');
});

it('draws a bar over itself in a terminal, as wide as there is room', () => {
  for (const [columns, expected] of [
    [80, '[############............] Org/demo: 50 %, 5.0 MB of 10.0 MB, 5.0 MB/s, 1s left'],
    [60, 'Org/demo: 50 %, 5.0 MB of 10.0 MB, 5.0 MB/s, 1s left'],
    [20, 'Org/demo: 50 %, 5.0'],
  ] as const) {
    const drawn: string[] = [];
    let time = 0;
    const output = {
      noteColumns: columns,
      transient: (text: string) => drawn.push(text),
      note: () => expect.unreachable(),
    };
    const progress = new DownloadProgress('Org/demo', { output, now: () => time });
    progress.update(0, 10e6);
    time = 50;
    progress.update(1e6, 10e6);
    time = 1_000;
    progress.update(5e6, 10e6);
    expect(drawn).toHaveLength(2);
    expect(drawn[1]).toBe(expected);
  }
});
