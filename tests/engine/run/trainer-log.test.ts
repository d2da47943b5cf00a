import { existsSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TrainerLog } from '../../../src/engine/run/trainer-log.ts';
import { canMount, fill, smallDisk } from '../../runner/full-disk.ts';
import { temporaryFolder } from '../../store/new-store.ts';

test('What is written is added to what an earlier trainer of the run has said, in order, for its owner only.', async () => {
  const path = join(temporaryFolder(), 'trainer.log');
  for (const words of [['a\n', 'b\n'], ['c\n']]) {
    const log = new TrainerLog(path);
    for (const word of words) log.write(word);
    expect(await log.close()).toBeNull();
  }
  expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\n');
  expect(statSync(path).mode & 0o077).toBe(0);
});

test.skipIf(process.platform === 'win32')(
  'A link in the place of the log is refused: what it leads to stays.',
  async () => {
    const folder = temporaryFolder();
    const [path, other] = [join(folder, 'trainer.log'), join(folder, 'other')];
    for (const text of ['of somebody else', null]) {
      if (text === null) rmSync(other);
      else writeFileSync(other, text);
      rmSync(path, { force: true });
      symlinkSync(other, path);
      const log = new TrainerLog(path);
      log.write('words\n');
      expect((await log.close())?.message).toMatch(/^ELOOP/);
      expect(existsSync(other) ? readFileSync(other, 'utf8') : null).toBe(text);
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
    }
  },
);

test.skipIf(!canMount)('A log goes on when a full disk has room again, and says that it is not whole.', async () => {
  const folder = smallDisk();
  const log = new TrainerLog(join(folder, 'trainer.log'));
  log.write('before\n');
  await log.written();
  fill(folder);
  log.write('x'.repeat(8192));
  await log.written();
  rmSync(join(folder, 'filler'));
  log.write('after\n');
  expect((await log.close())?.message).toMatch(/^ENOSPC/);
  expect(readFileSync(join(folder, 'trainer.log'), 'utf8')).toMatch(/^before\nx*\n?after\n$/);
});
