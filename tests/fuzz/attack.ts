/**
 * Makes hostile files by hand, lets the program read each in a process of its own, and prints what it cost and what was said:
 * `node tests/fuzz/attack.ts [PART OF A NAME]`. The exit code is 1 when one took more than 5 s of processor time, more than 256 MB plus
 * 20 times its size, or was answered otherwise than it should be.
 */
import { fork } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/errors.ts';
import { allAttacks } from './attacks/all-attacks.ts';
import type { Attack } from './attacks/attack.ts';

const MAX_SECONDS = 5;
const MAX_MEGABYTES = 256;
const MEGABYTES_PER_MEGABYTE = 20;

interface Answer {
  readonly seconds: number;
  readonly megabytes: number;
  readonly text: string;
  readonly isOurs: boolean;
}

/** Gives the words of the error that an attack meets, or null when it is taken as it is. */
export async function answerTo(attack: Attack, folder: string): Promise<string | null> {
  try {
    await attack.read(folder);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Whether an answer is the one that is wanted. */
export function isRight(attack: Attack, text: string | null): boolean {
  return text === null || attack.answer === null ? text === attack.answer : attack.answer.test(text);
}

async function measure(attack: Attack, folder: string): Promise<Answer> {
  const start = process.cpuUsage();
  const before = process.resourceUsage().maxRSS;
  let text: string | null;
  let isOurs = true;
  try {
    text = await answerTo(attack, folder);
  } catch (error) {
    text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    isOurs = false;
  }
  const { user, system } = process.cpuUsage(start);
  const megabytes = (process.resourceUsage().maxRSS - before) / 1024;
  return {
    seconds: (user + system) / 1e6,
    megabytes,
    text: text ?? 'taken',
    isOurs: isOurs && isRight(attack, text === null ? null : text),
  };
}

async function inChild(attack: Attack, folder: string): Promise<Answer> {
  const child = fork(fileURLToPath(import.meta.url), ['--child', attack.name, folder], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let answer: Answer | null = null;
  child.on('message', (message) => {
    answer = message as Answer;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  return answer ?? { seconds: 60, megabytes: 0, text: `dead: code ${code}, signal ${signal}`, isOurs: false };
}

function megabytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + lstatSync(join(folder, name)).blocks / 2048,
    0,
  );
}

async function main(part: string): Promise<void> {
  let bad = 0;
  for (const attack of allAttacks.filter(({ name }) => name.includes(part))) {
    const folder = mkdtempSync(join(tmpdir(), 'bleubird-attack-'));
    try {
      attack.make(folder);
      const megabytes = megabytesIn(folder);
      const answer = await inChild(attack, folder);
      const isGood =
        answer.isOurs &&
        answer.seconds <= MAX_SECONDS &&
        answer.megabytes <= MAX_MEGABYTES + MEGABYTES_PER_MEGABYTE * megabytes;
      if (!isGood) bad += 1;
      const shown = answer.text.replaceAll(folder, '…').replace(/\s+/g, ' ');
      process.stdout.write(
        `${isGood ? 'ok ' : 'BAD'} ${answer.seconds.toFixed(2).padStart(5)} s ${answer.megabytes.toFixed(0).padStart(5)} MB | ${attack.name} | ${shown.slice(0, 160)}\n`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  process.stdout.write(`${allAttacks.length} attacks, ${bad} not as they should be\n`);
  process.exitCode = bad > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const [, , first = '', name, folder = ''] = process.argv;
  if (first !== '--child') await main(first);
  else {
    const attack = allAttacks.find((candidate) => candidate.name === name);
    if (attack === undefined) throw new RangeError(`There is no attack ${name}.`);
    const answer = await measure(attack, folder);
    process.send?.(answer, undefined, undefined, () => process.exit(0));
  }
}
