/**
 * What is done when the file of a journal was deleted, moved away or replaced while it is written, alone or with the whole
 * folder of its run: whoever has it open still has all of it, and gives it back its place.
 */
import { closeSync, fstatSync, fsyncSync, lstatSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { flushPath } from './flush-path.ts';
import { setJournalAside } from './set-journal-aside.ts';
import { writeWhole } from './write-whole.ts';

const CHUNK_BYTES = 1 << 20;

/** Says whether an open file is still what lies at `path`. @throws the file system's error */
export function isStillAt(path: string, file: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const open = fstatSync(file);
  return found !== undefined && found.ino === open.ino && found.dev === open.dev;
}

/**
 * Writes all of an open file to `path`, in a folder made anew where that is gone, too. It is there whole or not at all, and
 * on the disk; what somebody has put into its place is set aside.
 *
 * @throws the file system's error
 */
export function restoreJournal(path: string, file: number): void {
  const unfinished = `${path}.unfinished-${process.pid}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    rmSync(unfinished, { force: true });
    copyTo(unfinished, file);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) setJournalAside(path);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  flushPath(dirname(path));
  flushPath(dirname(dirname(path)));
}

function copyTo(path: string, from: number): void {
  const to = openSync(path, 'wx', 0o600);
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let position = 0;
    for (let read = readSync(from, chunk, 0, chunk.length, 0); read > 0; ) {
      writeWhole(to, chunk.subarray(0, read), position);
      position += read;
      read = readSync(from, chunk, 0, chunk.length, position);
    }
    fsyncSync(to);
  } finally {
    closeSync(to);
  }
}
