/** One round of the campaign: a run, a fault at a random moment, and what must be true after it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { countMemoryKills } from '../../src/runner/memory-kills.ts';
import { askUntilEnded, type Seen } from './ask-ls.ts';
import { examine, excusedSteps } from './examine.ts';
import type { Fault, Random } from './faults.ts';
import { Follower } from './follower.ts';
import { goOn } from './go-on.ts';
import { strayProcesses } from './left-over.ts';
import type { Onlooker } from './onlooker.ts';
import { type Outcome, PATIENCE_MS, type Round, RUN, type Told, TRUE_WITHIN_MS } from './round-notes.ts';
import { Screens } from './screens.ts';
import { Toy } from './toy.ts';
import { STEPS } from './toy-training.ts';

/** A full disk is seen, waited for and tried again meanwhile. */
const PASSES_AFTER_MS = 2_500;
/** The run goes on for long enough that the interface is there before its end. */
const LOOKED_AT_STEP_MS = 100;

/** Plays a round, and leaves nothing behind. */
export async function playRound(fault: Fault, random: Random): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'bleubird-fault-'));
  const runDirectory = join(directory, 'runs', RUN);
  const modelDirectory = join(directory, 'model');
  const noted: Pick<Round, 'wrong' | 'told' | 'pids'> = { wrong: [], told: [], pids: [] };
  const memoryKillsBefore = countMemoryKills();
  if (fault.needsTmpfs) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]);
  try {
    await play({ fault, directory, runDirectory, modelDirectory, random, memoryKillsBefore, ...noted });
  } catch (error) {
    noted.wrong.push(`the round itself failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    for (const { pid, words } of await strayProcesses(directory, noted.pids)) {
      noted.wrong.push(`left behind: process ${pid}, ${words}`);
      endProcess(pid);
    }
    if (fault.needsTmpfs) execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  }
  return noted;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function play(round: Round): Promise<void> {
  const { fault, directory, modelDirectory, random, wrong, pids } = round;
  mkdirSync(modelDirectory);
  writeFileSync(join(modelDirectory, 'config.json'), '{}');
  const stepMs = fault.onlooker === undefined ? undefined : LOOKED_AT_STEP_MS;
  const toy = new Toy(directory, RUN, { how: 'run', modelDirectory, stepMs });
  const onlooker = await startOnlooker(round, toy);
  const { size } = toy.acknowledged;
  await toy.reach(size + 1 + random(Math.max(1, STEPS - 1 - size)));
  pids.push(...toy.pids, ...(onlooker?.pids ?? []));
  const undo = await fault.apply({ ...round, toy });
  if (fault.signal !== undefined) await endOnlooker(round, onlooker, fault.signal);
  // The clock runs from the kill on, whoever else still lives.
  const looking = undo === undefined ? lookOn(round, toy, onlooker) : null;
  if (fault.passes) await sleep(PASSES_AFTER_MS).then(undo);
  const outlived = await toy.finish(PATIENCE_MS);
  if (outlived !== null) wrong.push(outlived);
  if (undo !== undefined && !fault.passes) undo();
  await (fault.mayLoseMs === undefined ? looking : lookOn(round, toy, null, performance.now()));
  if (fault.signal === undefined) await endOnlooker(round, onlooker, 'SIGTERM');
  if (fault.passes && toy.state !== 'completed')
    wrong.push(`the fault passed, and the run is ${toy.state}: ${toy.stderr}`);
  if (fault.signal !== undefined && !toy.isUnharmed)
    wrong.push(`only who looked on was harmed, and the run is ${toy.state}: ${toy.stderr}`);
  await examine(round, toy, undo !== undefined);
  await goOn(round, excusedSteps(toy, fault.mayLoseMs ?? 0));
}

async function startOnlooker({ fault, directory, wrong }: Round, toy: Toy): Promise<Onlooker | null> {
  if (fault.onlooker === undefined) return null;
  await toy.reach(1);
  const Kind = fault.onlooker === 'screens' ? Screens : Follower;
  const onlooker = new Kind(directory, RUN);
  if (!(await onlooker.appear())) wrong.push(`no sign of the ${fault.onlooker}`);
  return onlooker;
}

async function endOnlooker({ wrong }: Round, onlooker: Onlooker | null, signal: NodeJS.Signals): Promise<void> {
  const disorder = await onlooker?.end(signal);
  if (typeof disorder === 'string') wrong.push(disorder);
}

/** Looks as users do, where a process of the run was killed, and notes what was told and when. */
async function lookOn(
  { directory, wrong, told, fault }: Round,
  toy: Toy,
  onlooker: Onlooker | null,
  sinceMs = toy.runnerKill?.atMs ?? toy.trainerKill?.atMs,
): Promise<void> {
  if (sinceMs === undefined) return;
  const right = [
    'completed', // it had ended when it was to be killed
    toy.runnerKill === null ? 'failed' : 'interrupted',
    // Of a log that was cut off before the first run only the check tells that there was one.
    ...(fault.spoilsFiles ? ['damaged', 'none'] : []),
  ];
  const note = async (by: Told['by'], seen: Promise<Seen>) => {
    try {
      const { state, afterMs } = await seen;
      told.push({ by, state, afterMs });
      const when = `${by} told "${state}" ${Math.round(afterMs)} ms after the kill`;
      if (!right.includes(state)) wrong.push(`${when}, instead of ${right.join(' or ')}`);
      if (afterMs > TRUE_WITHIN_MS) wrong.push(`${when}: too late`);
    } catch (error) {
      wrong.push(`${by} failed: ${String(error)}`);
    }
  };
  // Who asks `ls` records the end, and the screens would only read it: they are to find it out by themselves.
  if (onlooker instanceof Screens) await note('the screens', onlooker.showEnd(sinceMs));
  else await note('ls', askUntilEnded(directory, RUN, sinceMs));
}
