/** The pushes of a run that goes on, to a hub on this machine. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { TrainingConfig } from '../../src/engine/config/experiment.ts';
import { writeChecksums } from '../../src/engine/training/checksums.ts';
import { describePush } from '../../src/runner/describe-push.ts';
import { BackgroundPush, type PushNews } from '../../src/runner/push-in-background.ts';
import { trainingConfig } from '../support/experiment.ts';
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts';
import { type FakeUploads, takeUploads } from '../support/fake-hub-uploads.ts';

const never = new AbortController().signal;
let hub: FakeHub;
let uploads: FakeUploads;
let folder: string;
let news: PushNews[];

beforeEach(async () => {
  hub = await startFakeHub();
  uploads = takeUploads(hub);
  folder = mkdtempSync(join(tmpdir(), 'bleubird-background-'));
  news = [];
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

function start(changes: Partial<TrainingConfig> = {}, patienceMs?: number): BackgroundPush {
  return new BackgroundPush({
    training: trainingConfig({ push_to_hub: true, hub_model_id: 'me/tuned', save_strategy: 'steps', ...changes }),
    id: 'me/tuned',
    env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: hub.token },
    runDirectory: folder,
    card: async (_id, step) => ({ name: 'README.md', content: { text: `step ${step}` } }),
    onNews: (one) => news.push(one),
    onProgress: () => {},
    patienceMs,
  });
}

/** Writes a checkpoint as a trainer does. */
async function save(step: number, isBest?: boolean) {
  const path = join(folder, 'checkpoints', `checkpoint-${step}`);
  mkdirSync(path, { recursive: true });
  for (const name of ['model.safetensors', 'optimizer.safetensors', 'trainer_state.json'])
    writeFileSync(join(path, name), `${name} of ${step}`);
  await writeChecksums(path);
  return { step, epoch: step / 10, path, isBest };
}

const files = () => hub.repositories[0]?.files ?? new Map();
const content = (name: string) => files().get(name)?.bytes.toString();
const links = () =>
  readdirSync(folder)
    .filter((name) => name.startsWith('.push'))
    .sort();

/** Lets uploads wait at the storage. @returns what lets them go on */
function holdUploads(): { readonly reached: Promise<void>; release(): void } {
  const { promise: isReached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  hub.routes.unshift(async ({ server }) => {
    if (server === 'storage') {
      reach();
      await isReleased;
    }
    return null;
  });
  return { reached: isReached, release };
}

/** Until the push holds these checkpoints and no other. */
async function holds(...steps: number[]): Promise<void> {
  await expect.poll(links).toEqual(steps.map((step) => `.push-${step}`));
}

it.skipIf(process.platform === 'win32')('holds what it pushes for its user alone', async () => {
  const mask = process.umask(0o022);
  onTestFinished(() => void process.umask(mask));
  const push = start();
  const uploading = holdUploads();
  push.add(await save(1));
  await uploading.reached;
  expect(links().map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o700]);
  uploading.release();
  await push.finish(true, never);
});

it('pushes the newest of what is saved meanwhile, even if it is removed by then', async () => {
  const push = start();
  const uploading = holdUploads();
  push.add(await save(1));
  await uploading.reached;
  push.add(await save(2));
  push.add(await save(3));
  await holds(1, 3);
  rmSync(join(folder, 'checkpoints'), { recursive: true });
  uploading.release();
  await push.finish(true, never);
  expect(uploads.commits).toEqual(['Training in progress, step 1', 'End of training']);
  expect(content('model.safetensors')).toBe('model.safetensors of 3');
  expect(content('README.md')).toBe('step 3');
  expect([...files().keys()].sort()).toEqual(['.gitattributes', 'README.md', 'model.safetensors']);
  expect(news.map((one) => [one.type, 'message' in one ? one.message : null])).toEqual([
    ['pushed', 'Training in progress, step 1'],
    ['pushed', 'End of training'],
  ]);
  expect(links()).toEqual([]);
});

it('leaves out none of all_checkpoints, nor one whose push failed', async () => {
  hub.fault = ({ path }) => (path.includes('/commit/') ? { type: 'status', status: 403 } : null);
  const push = start({ hub_strategy: 'all_checkpoints' });
  push.add(await save(1));
  await expect.poll(() => news).toHaveLength(1);
  expect(news[0]).toEqual({
    type: 'push-failed',
    id: 'me/tuned',
    message: 'Training in progress, step 1',
    reason: 'The hub does not let this token write to me/tuned (403).',
    hint: expect.stringContaining('The token needs the right to write to me/tuned: see '),
  });
  hub.fault = () => null;
  const uploading = holdUploads();
  push.add(await save(2));
  await uploading.reached;
  push.add(await save(3));
  push.add(await save(4));
  uploading.release();
  await holds(4); // the newest alone is still needed: all are there
  await push.finish(true, never);
  for (const step of [1, 2, 3, 4]) expect(content(`checkpoint-${step}/optimizer.safetensors`)).toMatch(`of ${step}`);
  expect(content('model.safetensors')).toMatch('of 4');
});

it('keeps the last checkpoint to resume from, with its state', async () => {
  const push = start({ hub_strategy: 'checkpoint', save_strategy: 'epoch' });
  push.add(await save(10));
  await expect.poll(() => news).toHaveLength(1);
  push.add(await save(20));
  await push.finish(true, never);
  expect(uploads.commits).toEqual(['Training in progress, epoch 1', expect.any(String)]);
  expect(content('last-checkpoint/trainer_state.json')).toMatch('of 20');
});

it('pushes no checkpoint that is damaged, says so, and goes on with the others', async () => {
  hub.fault = () => ({ type: 'status', status: 403 });
  const push = start({ hub_strategy: 'all_checkpoints' });
  const damaged = await save(1);
  push.add(damaged);
  await expect.poll(() => news.some(({ type }) => type === 'push-failed')).toBe(true);
  writeFileSync(join(damaged.path, 'optimizer.safetensors'), 'not what was written'); // the links are of the same files
  hub.fault = () => null;
  push.add(await save(2));
  await expect.poll(() => uploads.commits).toEqual(['Training in progress, step 2']);
  const { path } = await save(3);
  writeFileSync(join(path, 'model.safetensors'), 'not what was written');
  push.add({ step: 3, epoch: 0.3, path });
  await push.finish(true, never);
  const words = (what: string) => `is damaged and is not pushed: ${what}.safetensors is not what was written.`;
  expect(news.map((one) => ('reason' in one ? one.reason : one.type)).filter((text) => !text.includes('403'))).toEqual([
    `The checkpoint ${damaged.path} ${words('optimizer')}`,
    'pushed',
    `The checkpoint ${path} ${words('model')}`,
    `The checkpoint ${path} ${words('model')}`,
  ]);
  expect([...files().keys()].filter((name) => name.startsWith('checkpoint-1'))).toEqual([]);
  expect(content('model.safetensors')).toMatch('of 2');
  expect(links()).toEqual([]);
});

it('pushes once, at the end, the best model where that is what the run ends with', async () => {
  const push = start({ hub_strategy: 'end', load_best_model_at_end: true });
  push.add(await save(1));
  push.add(await save(2, true));
  push.add(await save(3));
  await push.finish(true, never);
  expect(uploads.commits).toEqual(['End of training']);
  expect(content('model.safetensors')).toMatch('of 2');
});

it('pushes no end of a training that did not come to it', async () => {
  const push = start({ hub_strategy: 'end' });
  push.add(await save(1));
  await push.finish(false, never);
  expect(uploads.commits).toEqual([]);
  expect(links()).toEqual([]);
});

it('is left when the user no longer wants to wait', async () => {
  const push = start();
  const uploading = holdUploads();
  push.add(await save(1));
  await uploading.reached;
  const leave = new AbortController();
  const finished = push.finish(true, leave.signal);
  leave.abort();
  await finished;
  uploading.release();
  expect(news).toEqual([
    {
      type: 'push-failed',
      id: 'me/tuned',
      message: 'Training in progress, step 1',
      reason: 'It was left before it was done.',
      hint: null,
    },
    {
      type: 'push-failed',
      id: 'me/tuned',
      message: 'End of training',
      reason: 'It was left before it was done.',
      hint: null,
    },
  ]);
  expect(links()).toEqual([]);
});

it('says at once what will go wrong, and removes what a killed runner left', async () => {
  mkdirSync(join(folder, '.push-7'));
  hub.fault = () => ({ type: 'status', status: 401 });
  const push = start();
  await expect.poll(() => news).toHaveLength(1);
  expect(news[0]).toMatchObject({ type: 'push-trouble', reason: expect.stringContaining('does not accept the token') });
  expect(news.map((one) => describePush(one, 'r'))).toEqual([
    `Trouble with pushing to me/tuned: The hub ${hub.endpoint} does not accept the token (401). The run goes on. ` +
      `Make one that may write at ${hub.endpoint}/settings/tokens, and set HF_TOKEN, or log in with "hf auth login".`,
  ]);
  await push.finish(false, never);
  expect(links()).toEqual([]);
});

it('says once that the end waits for a hub in trouble, how long at most, and waits no longer, whatever is left', async () => {
  hub.fault = () => ({ type: 'status', status: 503 });
  const patienceMs = 1_500;
  const push = start({}, patienceMs);
  push.add(await save(1));
  await expect.poll(() => hub.requests.length).toBeGreaterThan(0);
  const beganAt = performance.now();
  await push.finish(true, never);
  expect(performance.now() - beganAt).toBeLessThan(patienceMs + 1_000);
  expect(news.map(({ type }) => type)).toEqual(['push-waits', 'push-trouble', 'push-failed']);
  for (const one of news) expect(one).toMatchObject({ reason: expect.stringContaining('(503)') });
  expect(links()).toEqual([]);
  const [waits] = news;
  expect(waits && describePush(waits, 'r')).toMatch(
    /^All is done but what is pushed to me\/tuned: .+\(503\).+The run waits until that works, for 1\.5 seconds at most\. To leave it: Ctrl-C, or "bleubird stop r"; "bleubird push r me\/tuned" pushes later\.$/,
  );
});

it('waits silently for a hub that is slow only, and pushes after a trouble that passes', async () => {
  const push = start();
  let refusals = 1;
  hub.fault = ({ path }) => (path.includes('/commit/') && refusals-- > 0 ? { type: 'status', status: 503 } : null);
  push.add(await save(1));
  await push.finish(false, never);
  expect(news.map(({ type }) => type)).toEqual(['push-waits', 'pushed']);
  news = [];
  const slow = start();
  const uploading = holdUploads();
  slow.add(await save(2));
  await uploading.reached;
  const finished = slow.finish(false, never);
  uploading.release();
  await finished;
  expect(news.map(({ type }) => type)).toEqual(['pushed']);
});
