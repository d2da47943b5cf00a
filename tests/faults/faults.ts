/** What the campaign does to a run: each fault with what it needs, drawn by its name. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { powerCuts } from './power-cuts.ts';
import type { Toy } from './toy.ts';

export type Random = (below: number) => number;

export interface FaultSetting {
  readonly toy: Toy;
  /** Folder of the store and of the run. */
  readonly directory: string;
  readonly runDirectory: string;
  readonly random: Random;
}

export interface Fault {
  readonly name: string;
  /** The store lies on a small file system of its own. */
  readonly needsTmpfs?: boolean;
  readonly needsRoot?: boolean;
  /** Does it; what it gives back undoes it, once the run has ended. */
  apply(setting: FaultSetting): Undo | Promise<Undo>;
  /** It is undone while the run goes on, which then completes by itself. */
  readonly passes?: boolean;
  /** It harms what the store's files hold: only a repair may bring all back. */
  readonly spoilsFiles?: boolean;
  /** Cuts off the power: all processes end at once, what was not flushed yet is gone. How much of the end, milliseconds. */
  readonly mayLoseMs?: number;
  /** Somebody looks on meanwhile: the interface in a terminal of its own, or `attach --no-ui`. */
  readonly onlooker?: 'screens' | 'follower';
  /** It is not the run that is harmed, but who looks on, by this signal. */
  readonly signal?: NodeJS.Signals;
}

export type Undo = (() => void) | undefined;

const DEATH_PATIENCE_MS = 10_000;
/** For a run that goes on to its end. */
const RUN_PATIENCE_MS = 30_000;

const store = ({ directory }: FaultSetting) => join(directory, 'bleubird.sqlite');
const journal = ({ runDirectory }: FaultSetting) => join(runDirectory, 'journal.jsonl');

const kills: Pick<Fault, 'name' | 'apply'>[] = [
  { name: 'kill -9 the runner', apply: ({ toy }) => toy.killRunner() },
  { name: 'kill -9 the trainer', apply: ({ toy }) => toy.killTrainer('SIGKILL') },
  { name: 'kill -9 both', apply: killBoth },
];

const processFaults: Fault[] = [
  ...kills,
  { name: 'segmentation fault in the trainer', apply: ({ toy }) => toy.killTrainer('SIGSEGV') },
  { name: 'no room in the heap of the trainer', apply: ({ toy }) => toy.exhaustTrainer() },
  { name: 'cut the channel', apply: ({ toy }) => void toy.signalTrainer('SIGUSR2') },
];

const onlookerFaults: Fault[] = [
  ...kills.map(({ name, apply }): Fault => ({ name: `${name}, the screens open`, apply, onlooker: 'screens' })),
  ...(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGKILL'] as const).map(
    (signal): Fault => ({
      name: signal === 'SIGKILL' ? 'kill -9 the screens' : `${signal} to the screens`,
      apply: () => undefined,
      onlooker: 'screens',
      signal,
    }),
  ),
  { name: 'kill -9 attach --no-ui', apply: () => undefined, onlooker: 'follower', signal: 'SIGKILL' },
];

const fileFaults: Fault[] = [true, false].flatMap((isLive) => {
  const harm = (name: string, file: (setting: FaultSetting) => string, work: typeof flip): Fault => ({
    name: `${name}${isLive ? ', the runner goes on' : ', the runner killed'}`,
    spoilsFiles: true,
    apply: async (setting) => {
      if (!isLive) {
        killBoth(setting);
        await setting.toy.finish(DEATH_PATIENCE_MS); // under a process that still has it open, a file is never cut
      }
      if (existsSync(file(setting))) work(file(setting), setting.random);
      return undefined;
    },
  });
  const wal = (setting: FaultSetting) => `${store(setting)}-wal`;
  return [
    harm('flip bytes of the store', store, flip),
    harm('flip bytes of its log', wal, flip),
    harm('flip bytes of the journal', journal, flip),
    harm('flip bytes of a checkpoint', someCheckpointFile, flip),
    harm('cut a checkpoint', someCheckpointFile, cut),
    // Under a program that has them mapped, SQLite's files cannot be cut without killing it: SIGBUS.
    ...(isLive
      ? []
      : [harm('cut the store', store, cut), harm('cut its log', wal, cut), harm('cut the journal', journal, cut)]),
    ...(isLive ? [] : [harm('remove the store', store, (path) => rmSync(path))]),
  ];
});

/** Of a run that goes on: what it has written anew must do where the store is lost as well. */
const removals: Fault[] = [
  { name: 'remove the journal, and the store once the run has ended', path: journal },
  {
    name: 'remove the folder of the run, and the store once it has ended',
    path: ({ runDirectory }: FaultSetting) => runDirectory,
  },
].map(({ name, path }) => ({
  name,
  spoilsFiles: true,
  apply: async (setting) => {
    rmSync(path(setting), { recursive: true, force: true, maxRetries: 20 }); // the trainer may write there meanwhile
    await setting.toy.finish(RUN_PATIENCE_MS);
    if (setting.toy.state === 'completed')
      for (const part of ['', '-wal', '-shm']) rmSync(`${store(setting)}${part}`, { force: true });
    return undefined;
  },
}));

const placeFaults: Fault[] = [
  {
    name: 'fill the disk',
    needsTmpfs: true,
    needsRoot: true,
    passes: true,
    apply: fillDisk,
  },
  {
    name: 'fill the disk, the run stopped',
    needsTmpfs: true,
    needsRoot: true,
    apply: (setting) => {
      const undo = fillDisk(setting);
      setTimeout(() => setting.toy.stopRunner(), 1_500);
      return undo;
    },
  },
  {
    name: 'a folder of checkpoints that takes nothing',
    needsRoot: true,
    apply: ({ runDirectory }) => makeImmutable(join(runDirectory, 'checkpoints')),
  },
  {
    name: 'a run folder that takes nothing',
    needsRoot: true,
    apply: ({ runDirectory }) => makeImmutable(runDirectory),
  },
  { name: 'a store folder that takes nothing', needsRoot: true, apply: ({ directory }) => makeImmutable(directory) },
];

export const faults: readonly Fault[] = [
  ...processFaults,
  ...onlookerFaults,
  ...powerCuts,
  ...fileFaults,
  ...removals,
  ...placeFaults,
];

function killBoth({ toy }: FaultSetting): undefined {
  toy.killRunner();
  toy.killTrainer('SIGKILL');
}

function fillDisk({ directory }: FaultSetting): () => void {
  const filler = join(directory, 'filler');
  const file = openSync(filler, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4 * 1024));
  } catch {
    closeSync(file);
  }
  return () => rmSync(filler);
}

function flip(path: string, random: Random): void {
  const { size } = statSync(path);
  if (size === 0) return;
  const file = openSync(path, 'r+');
  for (let count = 1 + random(8); count > 0; count--) {
    const byte = Buffer.alloc(1);
    const position = random(size);
    readSync(file, byte, 0, 1, position);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 + random(255)), 0);
    writeSync(file, byte, 0, 1, position);
  }
  closeSync(file);
}

function cut(path: string, random: Random): void {
  truncateSync(path, random(statSync(path).size + 1));
}

/** Of the newest checkpoint, since that is the one that is wanted. */
function someCheckpointFile({ runDirectory, random }: FaultSetting): string {
  const checkpoints = join(runDirectory, 'checkpoints');
  const names = existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => /^checkpoint-/.test(name)) : [];
  const [newest] = names.sort((a, b) => Number(b.slice(11)) - Number(a.slice(11)));
  if (newest === undefined) return join(checkpoints, 'none');
  const files = existsSync(join(checkpoints, newest)) ? readdirSync(join(checkpoints, newest)) : [];
  return join(checkpoints, newest, files[random(Math.max(1, files.length))] ?? 'none');
}

/** Root may write where the mode says no: the attribute holds for root too. */
function makeImmutable(path: string): (() => void) | undefined {
  if (!existsSync(path)) return undefined;
  execFileSync('chattr', ['+i', path]);
  return () => execFileSync('chattr', ['-i', path]);
}
