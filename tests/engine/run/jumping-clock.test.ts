import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { backwardClock } from '../../support/backward-clock.ts';
import { eventsOf, metric, RunFolder, watchRun } from './small-experiment.ts';

let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

test('A wall clock that is set back makes neither speed nor durations negative.', async () => {
  const experiment = folder.experiment(
    { max_steps: 3 },
    { evaluation: { before: true, after: false, references: 'raw' } },
  );
  vi.stubEnv('NODE_OPTIONS', backwardClock);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { events, end } = await watchRun(experiment, folder.newRun());
  expect(end).toMatchObject({ type: 'ended', reason: 'completed' });
  const speeds = metric(events, 'samples_per_second');
  expect(speeds).toHaveLength(3);
  for (const speed of speeds) expect(speed).toBeGreaterThan(0);
  for (const { etaSeconds } of eventsOf(events, 'progress')) expect(etaSeconds).toBeGreaterThanOrEqual(0);
});
