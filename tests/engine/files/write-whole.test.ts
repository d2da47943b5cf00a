import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeWhole } from '../../../src/engine/files/write-whole.ts';
import { temporaryFolder } from '../../store/new-store.ts';

it.each(['file', `file.${process.pid}.unfinished`])('does not follow a link in the place of %s', async (name) => {
  const folder = temporaryFolder();
  const [path, other] = [join(folder, 'file'), join(temporaryFolder(), 'other')];
  writeFileSync(other, 'of somebody else');
  symlinkSync(other, join(folder, name));
  await writeWhole(path, (write) => write(Buffer.from('new')));
  expect(readFileSync(other, 'utf8')).toBe('of somebody else');
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['file']);
});
