/**
 * A round with the real trainer: the demo model on a few sentences, by the real command. Runner, trainer or both are killed
 * at a random moment, the run is taken up again, and ends with the very weights of one that was left alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../src/store/open-store.ts';
import { writeTinyExperiment } from '../cli/tiny-experiment.ts';
import { askUntilEnded } from './ask-ls.ts';
import type { Random } from './faults.ts';
import { type Outcome, type Told, TRUE_WITHIN_MS } from './round-notes.ts';

const bin = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url));
const STEPS = 12;
const SETTINGS = [`max_steps=${STEPS}`, 'save_strategy=steps', 'save_steps=3', 'save_total_limit=2', 'dropout=0.1'];
const victims = ['runner', 'trainer', 'both'] as const;

/** Gives back what was found wrong, a line each. `expected` is what an undisturbed run ends with; null to learn it. */
export async function playRealRound(
  random: Random,
  expected: string | null,
): Promise<Outcome & { readonly end: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-real-'));
  try {
    const wrong: string[] = [];
    const told: Told[] = [];
    const settings = SETTINGS.flatMap((setting) => ['-s', `training.${setting}`]);
    const run = start(folder, ['run', writeTinyExperiment(folder), '--run-id', 'tiny', ...settings]);
    if (expected !== null) {
      const killedAtMs = await kill(folder, run, victims[random(victims.length)] ?? 'both', 1 + random(STEPS - 1));
      const seen = await askUntilEnded(join(folder, 'store'), 'tiny', killedAtMs);
      told.push({ by: 'ls', ...seen });
      if (seen.afterMs > TRUE_WITHIN_MS)
        wrong.push(`ls told "${seen.state}" ${Math.round(seen.afterMs)} ms after the kill`);
    }
    await ended(run);
    for (let tries = 0; tries < 2 && stateOf(folder) !== 'completed'; tries++) {
      const resumed = start(folder, ['resume', 'tiny']);
      const words = await ended(resumed);
      if (/has no checkpoint/.test(words)) return { wrong, told, end: expected ?? '' };
      if (stateOf(folder) !== 'completed') wrong.push(`not resumed: ${words}`);
    }
    const end = endOf(folder);
    if (expected !== null && end !== expected) wrong.push(`it ends otherwise: ${end} instead of ${expected}`);
    return { wrong, told, end };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(folder: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [bin, ...args, '--no-ui', '--store', join(folder, 'store')], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function ended(run: ChildProcess): Promise<string> {
  let words = '';
  run.stderr?.on('data', (chunk) => {
    words += chunk;
  });
  if (run.exitCode === null && run.signalCode === null) await new Promise((resolve) => run.once('close', resolve));
  return words;
}

/**
 * Kills once so many steps are recorded, unless the run has ended before.
 *
 * @returns what `performance.now()` was then
 */
async function kill(
  folder: string,
  run: ChildProcess,
  victim: (typeof victims)[number],
  step: number,
): Promise<number> {
  const look = () => (existsSync(join(folder, 'store', 'bleubird.sqlite')) ? read(folder) : null);
  for (let now = look(); (now?.step ?? 0) < step && run.exitCode === null; now = look()) await sleep(10);
  const { trainerPid } = read(folder) ?? {};
  const nowMs = performance.now();
  if (victim !== 'trainer') run.kill('SIGKILL');
  if (victim !== 'runner' && trainerPid !== null && trainerPid !== undefined) {
    try {
      process.kill(trainerPid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  return nowMs;
}

function read(folder: string) {
  const store = openStore(join(folder, 'store'), { readOnly: true });
  try {
    return store.readRun('tiny');
  } finally {
    store.close();
  }
}

const stateOf = (folder: string) => read(folder)?.state;

/** The series' steps with their losses, and the weights. */
function endOf(folder: string): string {
  const store = openStore(join(folder, 'store'), { readOnly: true });
  const losses = store.metricSeries('tiny', 'loss').map(({ step, value }) => `${step}:${value}`);
  const path = join(store.runDirectory('tiny'), 'checkpoints', `checkpoint-${STEPS}`, 'model.safetensors');
  store.close();
  const weights = existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no weights';
  return `${losses.length} steps, ${createHash('sha256').update(losses.join()).digest('hex').slice(0, 12)}, ${weights.slice(0, 12)}`;
}
