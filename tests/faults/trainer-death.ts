/** What the store must tell of a run whose trainer was killed while its runner lived on: all that `run-end.ts` promises. */
import { existsSync, readdirSync } from 'node:fs';
import { countMemoryKills } from '../../src/runner/memory-kills.ts';
import type { RunRecord } from '../../src/store/rows.ts';

/** What the campaign knows about it. */
export interface Death {
  readonly signal: NodeJS.Signals;
  /** The last step that the runner has acknowledged. */
  readonly lastStep: number;
  readonly memoryKillsBefore: number | null;
}

/** Gives back what is wrong with what the run tells of the death, a line each. */
export function wrongWords(run: RunRecord, death: Death): string[] {
  const { state, exitCode, signal, endReason, endHint, stderrTail, step } = run;
  const wrong: string[] = [];
  const demand = (isRight: boolean, what: string, found: unknown) => {
    if (!isRight) wrong.push(`killed by ${death.signal}, ${what}: ${JSON.stringify(found)}`);
  };
  demand(state === 'failed', 'it is not failed', state);
  demand(signal === death.signal, 'it tells another signal', signal);
  demand(exitCode === null, 'it tells an exit code', exitCode);
  demand(step >= death.lastStep, `it knows less than step ${death.lastStep}`, step);
  // The trainer says each step on stderr before it sends it.
  const lastSaid = Number(
    stderrTail
      ?.match(/at step (\d+)/g)
      ?.at(-1)
      ?.slice(8),
  );
  demand(lastSaid >= death.lastStep, 'the tail of its stderr is not there', stderrTail?.slice(-200));
  const words = endReason ?? '';
  demand(words.includes(`by signal ${death.signal}, after its event "`), 'the reason is another', endReason);
  const isLastWord =
    death.signal === 'SIGABRT' ? words.includes('heap out of memory') : words.includes(`at step ${lastSaid}`);
  demand(isLastWord, 'the reason does not end with its last word', endReason);
  demand(fittingHint(death).test(endHint ?? ''), 'the hint does not fit', endHint);
  demand((endHint ?? '').endsWith(whatNow(run.directory)), 'the hint does not say how to go on', endHint);
  return wrong;
}

function fittingHint({ signal, memoryKillsBefore }: Death): RegExp {
  if (signal === 'SIGABRT') return /^It ran out of memory: lower per_device_train_batch_size/;
  if (signal !== 'SIGKILL') return /^It crashed in native code: please report it; trainer\.log/;
  const kills = countMemoryKills();
  if (kills === null || memoryKillsBefore === null) return /^Somebody or the system killed it/;
  // Another program that was killed for want of memory meanwhile may be taken for it.
  return kills === memoryKillsBefore ? /^Somebody killed it/ : /^Somebody killed it|^The system has killed/;
}

function whatNow(runDirectory: string): string {
  const checkpoints = `${runDirectory}/checkpoints`;
  const isSaved = existsSync(checkpoints) && readdirSync(checkpoints).some((name) => /^checkpoint-\d+$/.test(name));
  return isSaved
    ? '"bleubird resume" goes on from its newest checkpoint.'
    : 'It has saved no checkpoint to go on from.';
}
