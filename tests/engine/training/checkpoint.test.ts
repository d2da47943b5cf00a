import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorCode } from '../../../src/engine/files/system-error.ts';
import { readModelFiles } from '../../../src/engine/model/model-directory.ts';
import { readSafetensors } from '../../../src/engine/model/safetensors.ts';
import type { AdamWState } from '../../../src/engine/training/adamw.ts';
import {
  clearUnfinished,
  findNewestCheckpoint,
  findNewestSoundCheckpoint,
  listCheckpoints,
  listFoldersAfter,
  saveCheckpoint,
} from '../../../src/engine/training/checkpoint.ts';
import type { TrainerState } from '../../../src/engine/training/trainer-state.ts';
import { RunFailedError } from '../../../src/errors.ts';

const modelDirectory = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const files = await readModelFiles(modelDirectory);
let directory: string;
let checkpoints: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bleubird-checkpoint-'));
  checkpoints = join(directory, 'checkpoints');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a checkpoint of this step holds: two small weights instead of a whole model's. */
function contentsOf(step: number, values: readonly number[] = [1, 2, 3, 4]) {
  const tensor = { shape: [2, 2], data: Float32Array.from(values) };
  const optimizer: AdamWState = { step, tensors: new Map([['exp_avg.model.shared.weight', tensor]]) };
  const trainerState = { global_step: step, epoch: step / 10, log_history: [] } as unknown as TrainerState;
  return { weights: new Map([['model.shared.weight', tensor]]), files, optimizer, trainerState };
}

async function failureOf(step: number, where = checkpoints): Promise<RunFailedError> {
  const error = await saveCheckpoint(where, contentsOf(step), null).then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RunFailedError);
  return error as RunFailedError;
}

test('A checkpoint holds the model in Hugging Face layout, the optimizer and the state of the trainer.', async () => {
  const { path, step, sizeBytes, removed } = await saveCheckpoint(checkpoints, contentsOf(7), null);
  expect({ path, step, removed }).toEqual({ path: join(checkpoints, 'checkpoint-7'), step: 7, removed: [] });
  const files = readdirSync(path);
  expect(files).toEqual(
    expect.arrayContaining([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'optimizer.safetensors',
      'source.spm',
      'target.spm',
      'tokenizer_config.json',
      'trainer_state.json',
      'vocab.json',
    ]),
  );
  expect(sizeBytes).toBe(files.reduce((sum, file) => sum + readFileSync(join(path, file)).length, 0));
  expect(JSON.parse(readFileSync(join(path, 'trainer_state.json'), 'utf8'))).toMatchObject({
    global_step: 7,
    epoch: 0.7,
  });
  const optimizer = await readSafetensors(join(path, 'optimizer.safetensors'));
  expect(JSON.stringify(optimizer.metadata)).toBe('{"format":"adamw","step":"7"}');
  expect(readdirSync(checkpoints)).toEqual(['checkpoint-7']);
});

test('A checkpoint is for its owner only.', async () => {
  const { path } = await saveCheckpoint(checkpoints, contentsOf(7), null);
  const open = [path, ...readdirSync(path).map((name) => join(path, name))].filter(
    (name) => (statSync(name).mode & 0o077) !== 0,
  );
  expect(open).toEqual([]);
});

test('The oldest checkpoints above the limit are removed, by step and not by name, and never the new one.', async () => {
  for (const step of [9, 10, 11]) await saveCheckpoint(checkpoints, contentsOf(step), 2);
  expect((await listCheckpoints(checkpoints)).map(({ step }) => step)).toEqual([10, 11]);
  // A run that is repeated writes a smaller step beside larger ones.
  const { removed } = await saveCheckpoint(checkpoints, contentsOf(3), 1);
  expect(removed.map(({ step }) => step)).toEqual([10, 11]);
  expect(readdirSync(checkpoints)).toEqual(['checkpoint-3']);
});

test('A checkpoint that is being removed is never seen half under its name.', async () => {
  const { path } = await saveCheckpoint(checkpoints, contentsOf(1), 1);
  for (let file = 0; file < 3_000; file++) writeFileSync(join(path, `of-the-user-${file}`), '');
  const { length } = readdirSync(path);
  const seen = new Set<number>();
  const watch = setInterval(() => {
    try {
      seen.add(readdirSync(path).length);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error; // gone, as it should be
    }
  });
  await saveCheckpoint(checkpoints, contentsOf(2), 1);
  clearInterval(watch);
  expect([...seen]).toEqual([length]);
  expect(readdirSync(checkpoints)).toEqual(['checkpoint-2']);
});

test('The files of a checkpoint can be told from damaged ones, and the newest sound one is found.', async () => {
  for (const step of [1, 2, 3]) await saveCheckpoint(checkpoints, contentsOf(step), null);
  const [first, second, third] = [1, 2, 3].map((step) => join(checkpoints, `checkpoint-${step}`));
  if (first === undefined || second === undefined || third === undefined) throw new RangeError('three paths');
  const check = spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: third });
  if (check.error === undefined) expect(check.status).toBe(0); // where the machine has the program
  expect(await findNewestSoundCheckpoint(checkpoints)).toEqual({ path: third, problems: [] });

  const weights = join(third, 'model.safetensors');
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(weights, bytes);
  rmSync(join(second, 'vocab.json'));
  writeFileSync(join(first, 'note-of-the-user.txt'), 'keep');
  expect(await findNewestSoundCheckpoint(checkpoints)).toEqual({
    path: first,
    problems: [
      `The checkpoint ${third} is damaged: model.safetensors is not what was written.`,
      `The checkpoint ${second} is damaged: vocab.json is missing or cannot be read.`,
    ],
  });
  expect((await findNewestSoundCheckpoint(checkpoints, 1)).path).toBeNull();
});

test.each([
  ['', 'SHA256SUMS is cut off'],
  [`${'0'.repeat(64)}  config.js`, 'SHA256SUMS is cut off'],
  [`${'0'.repeat(64)}  ../config.json\n`, 'SHA256SUMS is damaged'],
  ['nonsense\n', 'SHA256SUMS is damaged'],
  [`${'0'.repeat(64)}  config.json\n`, 'config.json is not what was written'],
])('Checksums that read %j prove nothing.', async (text, problem) => {
  const { path } = await saveCheckpoint(checkpoints, contentsOf(1), null);
  writeFileSync(join(path, 'SHA256SUMS'), text);
  expect(await findNewestSoundCheckpoint(checkpoints)).toEqual({
    path: null,
    problems: [`The checkpoint ${path} is damaged: ${problem}.`],
  });
});

test('Without a limit all stay, and a step that is saved again replaces its checkpoint.', async () => {
  for (const step of [1, 2, 3]) await saveCheckpoint(checkpoints, contentsOf(step), null);
  await saveCheckpoint(checkpoints, contentsOf(2, [9, 9, 9, 9]), null);
  expect((await listCheckpoints(checkpoints)).map(({ step }) => step)).toEqual([1, 2, 3]);
  const { tensors } = await readSafetensors(join(checkpoints, 'checkpoint-2', 'model.safetensors'));
  expect([...(tensors.get('model.shared.weight')?.data ?? [])]).toEqual([9, 9, 9, 9]);
});

const saveTwice = fileURLToPath(new URL('../../fixtures/run/save-twice.ts', import.meta.url));

/** What a save does to the names in the folder, one of the same step being there; killed before each, it leaves one of the two. */
const pointsOfSave = [
  { before: 'mkdir .unfinished-checkpoint-2', stays: 'old' },
  { before: 'mkdir .unfinished-checkpoint-2', stays: 'old' }, // empty, where the model is to be written
  { before: 'rename checkpoint-2 .replaced-checkpoint-2', stays: 'old' },
  { before: 'rename .unfinished-checkpoint-2 checkpoint-2', stays: 'old' },
  { before: 'rename .replaced-checkpoint-2 .unfinished-checkpoint-2-replaced', stays: 'new' },
  { before: 'rm .unfinished-checkpoint-2-replaced', stays: 'new' },
  { before: 'end checkpoint-2', stays: 'new' },
] as const;

test.skipIf(process.platform === 'win32')(
  'A kill at any point of saving a step again leaves one whole checkpoint of it, before and after the clearing.',
  async () => {
    const { path } = await saveCheckpoint(checkpoints, contentsOf(2), 1);
    const pristine = join(directory, 'pristine');
    cpSync(checkpoints, pristine, { recursive: true });
    for (const [index, { before, stays }] of pointsOfSave.entries()) {
      rmSync(checkpoints, { recursive: true });
      cpSync(pristine, checkpoints, { recursive: true });
      const child = spawnSync(process.execPath, [saveTwice, checkpoints, modelDirectory, String(index + 1)]);
      expect([child.signal, child.stderr.toString()], before).toEqual(['SIGKILL', '']);
      // Whoever looks for a checkpoint before anything is cleared, as a resume does, finds it.
      expect(
        (await listCheckpoints(checkpoints)).map(({ step }) => step),
        before,
      ).toEqual([2]);
      expect(await findNewestSoundCheckpoint(checkpoints), before).toMatchObject({ problems: [] });
      await clearUnfinished(checkpoints);
      expect(readdirSync(checkpoints), before).toEqual(['checkpoint-2']);
      expect(await findNewestSoundCheckpoint(checkpoints), before).toEqual({ path, problems: [] });
      const { tensors } = await readSafetensors(join(path, 'model.safetensors'));
      const values = stays === 'old' ? [1, 2, 3, 4] : [9, 9, 9, 9];
      expect([...(tensors.get('model.shared.weight')?.data ?? [])], before).toEqual(values);
      expect(child.stdout.toString().split('\n').slice(0, -1), before).toEqual(
        pointsOfSave.slice(0, index).map((point) => point.before),
      );
    }
  },
  60_000,
);

test('What a dead trainer left unfinished is never taken for a checkpoint, and goes with the next save.', async () => {
  await saveCheckpoint(checkpoints, contentsOf(1), null);
  mkdirSync(join(checkpoints, '.unfinished-checkpoint-2'));
  writeFileSync(join(checkpoints, '.unfinished-checkpoint-2', 'model.safetensors'), 'half');
  mkdirSync(join(checkpoints, 'checkpoint-5')); // a folder somebody emptied
  expect(await findNewestCheckpoint(checkpoints)).toBe(join(checkpoints, 'checkpoint-1'));
  await saveCheckpoint(checkpoints, contentsOf(3), null);
  expect(existsSync(join(checkpoints, '.unfinished-checkpoint-2'))).toBe(false);
  expect(await findNewestCheckpoint(checkpoints)).toBe(join(checkpoints, 'checkpoint-3'));
});

test.skipIf(process.platform === 'win32')(
  'What has the name of a checkpoint and is none is passed over, with a word, and stays.',
  async () => {
    const { path } = await saveCheckpoint(checkpoints, contentsOf(1), 1);
    const [file, loop] = [join(checkpoints, 'checkpoint-99'), join(checkpoints, 'checkpoint-98')];
    writeFileSync(file, 'notes of the user');
    symlinkSync('checkpoint-98', loop);
    expect(await listCheckpoints(checkpoints)).toEqual([{ step: 1, path }]);
    expect(await findNewestSoundCheckpoint(checkpoints)).toEqual({
      path,
      problems: [
        `${file} is passed over: it is no folder.`,
        expect.stringMatching(/checkpoint-98 is passed over: ELOOP: .*\.$/),
      ],
    });
    expect(await listFoldersAfter(checkpoints, 1)).toEqual([{ step: 98, path: loop }]);
    const { removed, problems } = await saveCheckpoint(checkpoints, contentsOf(2), 1);
    expect([removed.map(({ step }) => step), problems]).toEqual([[1], []]);
    expect(readdirSync(checkpoints).sort()).toEqual(['checkpoint-2', 'checkpoint-98', 'checkpoint-99']);
  },
);

test('A file in the place of the folder of checkpoints holds none.', async () => {
  writeFileSync(checkpoints, '');
  expect(await findNewestSoundCheckpoint(checkpoints)).toEqual({ path: null, problems: [] });
});

test('A run without checkpoints has no newest one.', async () => {
  expect(await findNewestCheckpoint(checkpoints)).toBeNull();
});

test('A checkpoint that cannot be written is an error that names it and what stays.', async () => {
  writeFileSync(checkpoints, 'a file where the folder should be');
  const error = await failureOf(4);
  expect(error.message).toMatch(/^Checkpoint .*checkpoint-4 could not be written: .*(EEXIST|ENOTDIR)/);
  expect(error.message).toContain('There is no older checkpoint.');
  expect(error.hint).toBe('Check that the folder can be written to.');
});

test('Of a file of it that cannot be written the error tells in whole sentences.', async () => {
  const contents = { ...contentsOf(4), files: new Map([...files, ['gone/vocab.json', Buffer.from('{}')]]) };
  const error = await saveCheckpoint(checkpoints, contents, null).catch((reason) => reason);
  expect(error).toBeInstanceOf(RunFailedError);
  expect(error.message).toMatch(/vocab\.json cannot be written: ENOENT.*'\. There is no older checkpoint\.$/);
});

test('A checkpoint whose folder is taken away while it is written is written anew.', async () => {
  const contents = contentsOf(4);
  const takenAway = new Promise<void>((resolve) => {
    const watcher = watch(directory, () => {
      watcher.close();
      renameSync(checkpoints, join(directory, 'elsewhere'));
      resolve();
    });
  });
  const saved = saveCheckpoint(checkpoints, contents, null);
  await takenAway;
  expect((await saved).path).toBe(join(checkpoints, 'checkpoint-4'));
  expect(readdirSync(checkpoints)).toEqual(['checkpoint-4']);
  expect(await findNewestSoundCheckpoint(checkpoints)).toEqual({ path: (await saved).path, problems: [] });
});

test('A weight that is not finite is not saved over a good checkpoint.', async () => {
  await saveCheckpoint(checkpoints, contentsOf(1), 1);
  const error = await saveCheckpoint(checkpoints, contentsOf(2, [1, Number.NaN, 3, 4]), 1).catch((reason) => reason);
  expect(error).toBeInstanceOf(RunFailedError);
  expect(error.message).toBe(
    'Training diverged by step 2: model.shared.weight holds NaN. The step is not saved. Checkpoints saved before it stay.',
  );
  expect(readdirSync(checkpoints)).toEqual(['checkpoint-1']);
});

/** A file system of 2 MB, which only root can make. */
const mount = () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]).status === 0;
const canMount = process.getuid?.() === 0 && process.platform === 'linux';

test.skipIf(!canMount)('On a full disk the old checkpoint stays whole and no half one is left.', async (context) => {
  if (!mount()) return context.skip('this machine does not let root mount');
  try {
    await saveCheckpoint(checkpoints, contentsOf(1), 1);
    writeFileSync(join(directory, 'filler'), Buffer.alloc(300_000));
    const error = await failureOf(2);
    expect(error.message).toContain(
      'checkpoint-2 could not be written: no space left on the disk. The older checkpoint',
    );
    expect(error.message).toContain(`stays: ${join(checkpoints, 'checkpoint-1')}`);
    expect(error.hint).toBe('Free disk space, or keep fewer checkpoints with training.save_total_limit.');
    expect(readdirSync(checkpoints)).toEqual(['checkpoint-1']);
    const { tensors } = await readSafetensors(join(checkpoints, 'checkpoint-1', 'model.safetensors'));
    expect([...tensors.keys()].sort()).toEqual([...contentsOf(1).weights.keys()].sort());
  } finally {
    spawnSync('umount', [directory]);
  }
});
