import { lstatSync, renameSync } from 'node:fs';

/** Gives a file another name beside it, by which nobody takes it for a journal. @returns its path @throws the file system's error */
export function setJournalAside(path: string): string {
  const aside = `${path}.set-aside-${lstatSync(path).ino}`;
  renameSync(path, aside);
  return aside;
}
