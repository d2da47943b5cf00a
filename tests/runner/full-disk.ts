/** A small file system of its own that a test can fill. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../store/new-store.ts';

export const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;

/** Gives back a folder on 4 MiB of its own; it goes away with the test. */
export function smallDisk(): string {
  const folder = temporaryFolder();
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

/** Writes until there is no room. */
export function fill(folder: string): void {
  const file = openSync(join(folder, 'filler'), 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch {
    closeSync(file);
  }
}

/** Makes the disk of `folder` take no writes at all. */
export function makeReadOnly(folder: string): void {
  const { status, stderr } = spawnSync('mount', ['-o', 'remount,ro', folder]);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}
