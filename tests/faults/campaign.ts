/**
 * The fault campaign: `npm run faults -- [--rounds N] [--seed S] [--jobs J] [--only NAME] [--real]`. Each round has a seed of its own,
 * which is printed with what went wrong: `--rounds 1 --seed THAT` plays it again. Exit code 1 when anything went wrong.
 * The trainer is a toy, with `--real` our own with the demo model.
 *
 * What must hold: 2 s after a kill users are told that the run has ended, with what it died of; what was acknowledged is
 * there; who looks on harms nothing; taken up again, the run ends as if undisturbed; no half made file, no process is left.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Fault, faults, type Random } from './faults.ts';
import { playRealRound } from './real-round.ts';
import { playRound } from './round.ts';
import type { Told } from './round-notes.ts';
import { canShowScreens } from './screens.ts';
import { measureLateness } from './timer-lateness.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '300' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    real: { type: 'boolean', default: false },
  },
});
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000);
const rounds = Number(values.rounds);
const isRoot = process.getuid?.() === 0;
const canMount = isRoot && spawnSync('mount', ['--version']).status === 0;
const possible = faults.filter(
  ({ name, needsRoot, needsTmpfs, onlooker }) =>
    name.includes(values.only) &&
    (!needsRoot || isRoot) &&
    (!needsTmpfs || canMount) &&
    (onlooker !== 'screens' || canShowScreens),
);
const say = (text: string) => process.stdout.write(`${text}\n`);
say(`${rounds} rounds from seed ${firstSeed}, ${possible.length} of ${faults.length} faults`);
if (!canShowScreens) say('not built, or without script(1): no screens');
if (!isRoot) say('not root: no full disk and no folders that take nothing');

const undisturbed = values.real ? (await playRealRound(() => 0, null)).end : '';
if (values.real) say(`undisturbed: ${undisturbed}`);
const lateness = measureLateness();
const told: Told[] = [];
const counts = new Map<string, { rounds: number; wrong: number }>();
let next = 0;
let played = 0;
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
for (const [name, { rounds: count, wrong }] of [...counts].sort())
  say(`${String(count).padStart(4)} ${name}${wrong > 0 ? `: ${wrong} WRONG` : ''}`);
const wrongRounds = [...counts.values()].reduce((sum, { wrong }) => sum + wrong, 0);
for (const by of ['ls', 'the screens'] as const) tellHowSoon(by);
say(`timers of the campaign itself rang up to ${Math.round(lateness())} ms late`);
say(`${rounds} rounds, ${wrongRounds} wrong`);
process.exitCode = wrongRounds === 0 ? 0 : 1;

async function work(): Promise<void> {
  while (next < rounds) {
    const seed = firstSeed + next++;
    const random = randomFrom(seed);
    const fault = possible[random(possible.length)] as Fault;
    const name = values.real ? 'kill -9 of the real runner, trainer or both' : fault.name;
    const outcome = values.real ? await playRealRound(random, undisturbed) : await playRound(fault, random);
    const { wrong } = outcome;
    told.push(...outcome.told);
    const count = counts.get(name) ?? { rounds: 0, wrong: 0 };
    counts.set(name, { rounds: count.rounds + 1, wrong: count.wrong + (wrong.length > 0 ? 1 : 0) });
    played += 1;
    if (played % 25 === 0) say(`${played} rounds played`);
    for (const line of wrong) say(`seed ${seed}, ${name}: ${line}`);
  }
}

function tellHowSoon(by: Told['by']): void {
  const times = told.flatMap((each) => (each.by === by ? [each.afterMs] : [])).sort((a, b) => a - b);
  if (times.length === 0) return;
  const [median = 0, last = 0] = [times[Math.floor(times.length / 2)], times.at(-1)];
  say(
    `${by} told that a run had ended ${Math.round(median)} ms after the kill in the median, ${Math.round(last)} ms at most`,
  );
}

/** mulberry32 by Tommy Ettinger, public domain: enough to draw faults. */
function randomFrom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
