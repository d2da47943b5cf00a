/**
 * Does the memory of the interface and of the runner stay flat over hours? Run it with Node 24, after `npm run build`:
 *   npx node experiments/bench/soak.ts [--minutes 120] [--rate 1000] [--csv FILE]
 * A real runner and store take what a trainer without a model sends; the interface shows the run in a window of tmux, where
 * a key is pressed every 20 seconds. Both are looked at in /proc every 10 seconds. Growth is the median of the last sixth of
 * what came after the warm-up (10 minutes, or a third of a short soak), less that of the first sixth. SIGINT ends it early, with
 * the verdict on what there was.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openStore } from '../../src/store/open-store.ts';

const SAMPLE_EVERY_MS = 10_000;
const WARM_UP_MINUTES = 10;
const GOAL_MB = 10;
const RUN = 'soak';
/** Through the tabs of the live screen, its help, the list of runs and back. */
const KEYS = ['Tab', 'Tab', 'Tab', 'Tab', '?', 'Escape', 'Escape', 'Enter'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    rate: { type: 'string', default: '1000' },
    csv: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
let isCutShort = false;
process.on('SIGINT', () => {
  isCutShort = true;
});
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Resident memory in MB: all of it, and what is not of files. */
interface Sample {
  readonly minute: number;
  readonly screens: { readonly rss: number; readonly anonymous: number };
  readonly runner: { readonly rss: number; readonly anonymous: number };
}

const folder = mkdtempSync(join(tmpdir(), 'bleubird-soak-'));
const tmux = (...args: string[]) => execFileSync('tmux', ['-L', `soak-${process.pid}`, ...args], { encoding: 'utf8' });
if (spawnSync('tmux', ['-V']).status !== 0) {
  say('The soak shows the interface in a window of tmux, which is not on this machine: install it.');
  process.exit(1);
}
say(`${cpus()[0]?.model.trim()}, Node ${process.versions.node}: ${minutes} minutes of ${values.rate} points a second`);
const runner = startRunner();
try {
  await untilRunIsThere();
  const screens = openScreens();
  judge(await watch(screens));
} finally {
  runner.kill('SIGINT');
  await sleep(1_000);
  spawnSync('tmux', ['-L', `soak-${process.pid}`, 'kill-server']);
  rmSync(folder, { recursive: true, force: true });
}

function startRunner(): ChildProcess {
  const path = fileURLToPath(new URL('soak-runner.ts', import.meta.url));
  const log = openSync(join(folder, 'runner.log'), 'a');
  // Longer than it is watched: the end of a run frees memory.
  const env = { ...process.env, SOAK_RATE: values.rate, SOAK_MINUTES: String(minutes + 5) };
  return spawn(process.execPath, [path, folder, RUN], { env, stdio: ['ignore', log, log] });
}

async function untilRunIsThere(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await sleep(100);
    const store = openStore(folder, { readOnly: true });
    const isRunning = store.readRun(RUN)?.state === 'running';
    store.close();
    if (isRunning) return;
  }
  throw new Error(`The run did not start: ${readFileSync(join(folder, 'runner.log'), 'utf8')}`);
}

/** @returns the process that draws */
function openScreens(): number {
  const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
  const command = ['exec', process.execPath, bin, 'attach', RUN, '--store', folder].join(' ');
  tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'soak', '-x', '120', '-y', '36', command);
  return Number(tmux('list-panes', '-t', 'soak', '-F', '#{pane_pid}'));
}

async function watch(screens: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startMs = performance.now();
  for (let count = 1; count * SAMPLE_EVERY_MS <= minutes * 60_000 && !isCutShort; count++) {
    await sleep(startMs + count * SAMPLE_EVERY_MS - performance.now());
    const minute = (performance.now() - startMs) / 60_000;
    const sample = { minute, screens: memoryOf(screens), runner: memoryOf(runner.pid ?? 0) };
    samples.push(sample);
    if (count % 2 === 0) tmux('send-keys', '-t', 'soak', KEYS[(count / 2 - 1) % KEYS.length] ?? '');
    if (values.csv !== undefined) appendFileSync(values.csv, `${row(sample).join(',')}\n`);
    if (count % 30 === 0)
      say(`minute ${minute.toFixed(0)}: screens ${sample.screens.rss} MB, runner ${sample.runner.rss} MB`);
  }
  const { size } = statSync(join(folder, 'bleubird.sqlite'));
  say(
    `\nthe store is ${(size / 1e6).toFixed(0)} MB; last seen on the screen:\n${tmux('capture-pane', '-p', '-t', 'soak')}`,
  );
  return samples;
}

function row({ minute, screens, runner: other }: Sample): (string | number)[] {
  return [minute.toFixed(2), screens.rss, screens.anonymous, other.rss, other.anonymous];
}

function memoryOf(pid: number): Sample['runner'] {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 102.4) / 10;
  return { rss: megabytes('VmRSS'), anonymous: megabytes('RssAnon') };
}

function judge(samples: readonly Sample[]): void {
  const warmUp = Math.min(WARM_UP_MINUTES, minutes / 3);
  const kept = samples.filter(({ minute }) => minute > warmUp);
  const window = Math.max(1, Math.floor(kept.length / 6));
  say(`MB resident after ${warmUp.toFixed(0)} minutes   first     last   growth      max   slope/h`);
  let isFlat = true;
  for (const who of ['screens', 'runner'] as const) {
    const sizes = kept.map((sample) => sample[who].rss);
    const first = median(sizes.slice(0, window));
    const last = median(sizes.slice(-window));
    isFlat &&= last - first <= GOAL_MB;
    const cells = [first, last, last - first, Math.max(...sizes), slopePerHour(kept, sizes)];
    say(`${who.padEnd(30)}${cells.map((cell) => cell.toFixed(1).padStart(9)).join('')}`);
  }
  say(isFlat ? `flat within ${GOAL_MB} MB` : `NOT flat within ${GOAL_MB} MB`);
  process.exitCode = isFlat ? 0 : 1;
}

/** By least squares. */
function slopePerHour(samples: readonly Sample[], sizes: readonly number[]): number {
  const hours = samples.map(({ minute }) => minute / 60);
  const mean = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length;
  const [hour, size] = [mean(hours), mean(sizes)];
  const covariance = mean(hours.map((value, index) => (value - hour) * ((sizes[index] ?? 0) - size)));
  return covariance / mean(hours.map((value) => (value - hour) ** 2));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
