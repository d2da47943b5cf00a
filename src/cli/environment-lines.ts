/** What a run ran on and with, as `show` and a report tell it. */
import type { RunRecord } from '../store/rows.ts';
import { counted, MISSING } from './text.ts';

/** Gives a line for each: device, sizes, versions, commit, hashes, runner. */
export function environmentLines(run: RunRecord): string[] {
  const { device, versions, gitCommit, gitDirty, lockfileHash, dataHash, runner } = run;
  const commit = gitCommit === null ? MISSING : `${gitCommit}${gitDirty ? ' with uncommitted changes' : ''}`;
  const sizes = [
    run.parameterCount === null ? null : counted(run.parameterCount, 'parameter'),
    run.trainSize === null ? null : `${counted(run.trainSize, 'pair')} to train on`,
    run.validationSize === null ? null : `${counted(run.validationSize, 'pair')} held out`,
  ].filter((part) => part !== null);
  return [
    `device     ${device ?? MISSING}`,
    `sizes      ${sizes.join(', ') || MISSING}`,
    `versions   ${
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || MISSING
    }`,
    `git        ${commit}`,
    `lockfile   ${lockfileHash ?? MISSING}`,
    `data       ${dataHash ?? MISSING}`,
    `runner     ${runner === null ? MISSING : `process ${runner.pid} on ${runner.hostname}`}`,
  ];
}
