/** `bleubird push` and runs that push, in a process of their own, to a hub on this machine. */
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { checksumProblem } from '../../src/engine/training/checksums.ts';
import { findCheckpointIn } from '../../src/runner/resume-point.ts';
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts';
import { type FakeUploads, takeUploads } from '../support/fake-hub-uploads.ts';
import { tinyModel } from '../support/tiny-model.ts';
import { type CliResult, runCli, startCli, temporaryFolder } from './run-cli.ts';
import { writeTinyExperiment } from './tiny-experiment.ts';

let hub: FakeHub;
let uploads: FakeUploads;
let folder: string;
let ran: CliResult;

const environment = (changes: Record<string, string> = {}) => ({
  HF_HOME: temporaryFolder(),
  HF_HUB_OFFLINE: '0',
  HF_ENDPOINT: hub.endpoint,
  HF_TOKEN: hub.token,
  ...changes,
});
const pushing = ['push_to_hub=true', 'hub_model_id=tuned', 'save_strategy=steps', 'save_steps=2'];
const train = (cwd: string, ...settings: string[]) =>
  runCli(
    ['run', writeTinyExperiment(cwd, tinyModel), '--no-ui', ...settings.flatMap((one) => ['--set', `training.${one}`])],
    {
      cwd,
      env: environment(),
    },
  );

beforeAll(async () => {
  hub = await startFakeHub();
  uploads = takeUploads(hub);
  folder = temporaryFolder();
  ran = await train(folder, ...pushing, 'hub_strategy=checkpoint', 'save_total_limit=1');
});
afterAll(() => hub.close());

const repository = (id: string) => hub.repositories.find((one) => one.id === id);
const filesOf = (id: string) => [...(repository(id)?.files.keys() ?? [])].sort();
const text = (id: string, name: string) => repository(id)?.files.get(name)?.bytes.toString() ?? '';

const MODEL_FILES = ['README.md', 'config.json', 'generation_config.json', 'model.safetensors', 'source.spm'];

it('a run pushes what it saves while it goes on, and the model it ends with', () => {
  expect(ran.code, ran.stderr).toBe(0);
  const url = `${hub.endpoint}/me/tuned/commit/${repository('me/tuned')?.refs.main}`;
  expect(ran.stdout).toContain(`pushed  End of training: ${url}\n`);
  expect(ran.stdout.indexOf('pushed  End')).toBeLessThan(ran.stdout.indexOf('end     completed'));
  expect(uploads.commits[0]).toMatch(/^Training in progress, step [24]$/);
  // Where step 4 was there before the end, the end has nothing new to commit.
  expect(uploads.commits.at(-1)).toMatch(/^End of training$|^Training in progress, step 4$/);
  expect(filesOf('me/tuned')).toEqual(
    expect.arrayContaining([
      ...MODEL_FILES,
      'last-checkpoint/model.safetensors',
      'last-checkpoint/optimizer.safetensors',
      'last-checkpoint/trainer_state.json',
    ]),
  );
  expect(filesOf('me/tuned')).not.toContain('optimizer.safetensors');
  expect(JSON.parse(text('me/tuned', 'last-checkpoint/trainer_state.json')).global_step).toBe(4);
  expect(text('me/tuned', 'README.md')).toMatch(/^- Bleu: \d/m);
});

it('a run tells of its pushes in its diary and leaves no links behind', async () => {
  const { stdout } = await runCli(['show', 'last'], { cwd: folder });
  expect(stdout).toMatch(/push: End of training: http/);
  const [run = ''] = readdirSync(join(folder, '.bleubird/runs'));
  expect(readdirSync(join(folder, '.bleubird/runs', run)).filter((name) => name.startsWith('.push'))).toEqual([]);
});

it('a run that waits for its hub in the end says so, in its diary too, and can be left with one Ctrl-C', async () => {
  const cwd = temporaryFolder();
  hub.fault = ({ path }) => (path.includes('/commit/') ? { type: 'status', status: 503 } : null);
  onTestFinished(() => {
    hub.fault = () => null;
  });
  const settings = [...pushing, 'hub_model_id=late', 'hub_strategy=end'].flatMap((one) => ['--set', `training.${one}`]);
  const child = startCli(['run', writeTinyExperiment(cwd, tinyModel), '--no-ui', ...settings], {
    cwd,
    env: environment(),
  });
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (piece: Buffer) => {
    said += piece;
    if (`${piece}`.includes('The run waits')) child.kill('SIGINT');
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  const words =
    /All is done but what is pushed to late: .+ \(503\).+ The run waits until that works, for 2 minutes at most\. To leave it: Ctrl-C, or "bleubird stop \w+"; "bleubird push \w+ late" pushes later\./g;
  expect(said.match(words), said).toHaveLength(1);
  const { stdout } = await runCli(['show', 'last'], { cwd });
  expect(stdout.match(words), stdout).toHaveLength(1);
  expect(stdout).toMatch(/warning: End of training could not be pushed to late: It was left before it was done\./);
});

it('a run whose pushes fail completes all the same, with warnings', async () => {
  hub.fault = ({ path }) =>
    path.includes('whoami') ? null : { type: 'status', status: 403, headers: { 'x-error-message': 'read only' } };
  const cwd = temporaryFolder();
  const { code, stdout, stderr } = await train(cwd, ...pushing);
  hub.fault = () => null;
  expect(code).toBe(0);
  expect(stdout).toContain('end     completed');
  expect(stderr).toContain(
    'warning: End of training could not be pushed to tuned: The hub does not let this token write to me/tuned (403): read only. The run goes on without.',
  );
  expectNoToken(cwd, stdout + stderr);
});

it('a token is in no file and no output of a run that pushes', () => {
  expectNoToken(folder, ran.stdout + ran.stderr);
});

it('a run that shall push without a token does not start', async () => {
  const cwd = temporaryFolder();
  const args = [
    'run',
    writeTinyExperiment(cwd, tinyModel),
    '--no-ui',
    ...pushing.flatMap((one) => ['--set', `training.${one}`]),
  ];
  const { code, stderr } = await runCli(args, { cwd, env: environment({ HF_TOKEN: '' }) });
  expect(code).toBe(2);
  expect(stderr).toContain(`error: A push to ${hub.endpoint} needs a token, and there is none.\nhint: Make one`);
});

it('push prints the address of the commit; fetch brings the same bytes back', async () => {
  const env = environment();
  const pushed = await runCli(['push', 'last', 'me/other', '--private', '--message', 'Mine'], { cwd: folder, env });
  const { refs, access } = repository('me/other') ?? {};
  expect(pushed).toEqual({
    code: 0,
    stdout: `${hub.endpoint}/me/other/commit/${refs?.main}\n`,
    stderr: '', // its large files are in the storage since the run
  });
  expect(access).toBe('private');
  expect(uploads.commits.at(-1)).toBe('Mine');
  expect(filesOf('me/other')).toEqual(expect.arrayContaining(MODEL_FILES));
  expect(filesOf('me/other').some((name) => /optimizer|trainer_state|SHA256/.test(name))).toBe(false);

  const fetched = await runCli(['fetch', 'me/other', '--json'], { env });
  const { directory, files } = JSON.parse(fetched.stdout);
  for (const name of files) {
    expect(
      readFileSync(join(directory, name)).equals(repository('me/other')?.files.get(name)?.bytes ?? Buffer.of()),
    ).toBe(true);
  }
  expect(files).toContain('model.safetensors');
});

it('push tells in JSON, and that nothing was new; with its state it can be resumed from', async () => {
  const args = ['push', 'last', 'me/third', '--with-state', '--checkpoint', '4', '--revision', 'v2', '--json'];
  const first = JSON.parse((await runCli(args, { cwd: folder, env: environment() })).stdout);
  expect(first).toMatchObject({ id: 'me/third', branch: 'v2', isNew: true, checkpoint: { step: 4 } });
  expect(filesOf('me/third')).toContain('optimizer.safetensors');
  const again = await runCli(args, { cwd: folder, env: environment() });
  expect(JSON.parse(again.stdout)).toMatchObject({ commit: first.commit, isNew: false });
  expect(again.stderr).toBe('me/third has all of it already.\n');

  const fetched = await runCli(['fetch', 'me/third@v2', '--all'], { env: environment() });
  const directory = fetched.stdout.trimEnd();
  expect(await findCheckpointIn(directory)).toEqual({ path: directory, warnings: [] });
  expect(await checksumProblem(directory)).toBeNull();
});

it.each([
  [['last', 'me/x', '--checkpoint', '3'], /error: Run \w+ has no checkpoint 3\.\nhint: It has those of step 4\./],
  [['last', 'me/x', '--checkpoint', 'best'], /error: Run \w+ kept track of no best model\./],
  [['last', 'not/a/name'], /error: "not\/a\/name" is not the name of a model on the hub/],
])('push %s says what is wrong', async (args, message) => {
  const { code, stderr } = await runCli(['push', ...args], { cwd: folder, env: environment() });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
});

it('push refuses a checkpoint that is not what was written, before it asks the hub', async () => {
  const cwd = temporaryFolder();
  cpSync(folder, cwd, { recursive: true });
  const runs = join(cwd, '.bleubird', 'runs');
  const damaged = join(runs, readdirSync(runs)[0] ?? '', 'checkpoints', 'checkpoint-4', 'config.json');
  writeFileSync(damaged, '{}');
  const { code, stderr } = await runCli(['push', 'last', 'me/damaged'], { cwd, env: environment() });
  expect(stderr).toMatch(
    /^error: The checkpoint \S+checkpoint-4 is damaged and is not pushed: config.json is not what was/,
  );
  expect([code, repository('me/damaged')]).toEqual([4, undefined]);
});

/** Looks for the token in all files of a folder, database and logs among them, and in what was printed. */
function expectNoToken(directory: string, printed: string): void {
  expect(printed).not.toContain(hub.token);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
  const regular = files.filter((path) => statSync(path).isFile());
  expect(regular.some((path) => path.endsWith('bleubird.sqlite'))).toBe(true);
  for (const path of regular) expect([path, readFileSync(path).includes(hub.token)]).toEqual([path, false]);
}
