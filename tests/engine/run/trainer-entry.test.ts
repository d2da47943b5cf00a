import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const trainer = fileURLToPath(new URL('../../../src/engine/run/trainer.ts', import.meta.url));

test('The trainer refuses to be started by hand, with exit code 2 and the command to use instead.', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [trainer], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toBe('The trainer is started by bleubird itself: use `bleubird run FILE.yaml`.\n');
});
