/**
 * Tells the folder of a run that never came to be, or that was deleted while its trainer still saved, from one that
 * somebody needs: a runner may be about to make its run in it, and a user may keep files of his own there.
 */
import { type Dirent, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/** A runner makes its run within seconds, an orphaned trainer ends as fast; a machine may sleep meanwhile. */
const QUIET_MS = 60 * 60_000;

const OWN_FILES: ReadonlySet<string> = new Set(['experiment.yaml', 'runner.log', 'trainer.log', 'journal.jsonl']);

/**
 * Says whether nothing is lost with a folder in runs/ that no run is known of, nor could be read from: only what a run
 * begins with is in it, nothing has changed for an hour, and no process has a file of it open (as far as Linux tells).
 *
 * @param now  milliseconds since 1970
 * @throws the file system's error
 */
export function isAbandoned(directory: string, now: number): boolean {
  return holdsOnlyBeginnings(directory) && now - lastChange(directory) > QUIET_MS && !isHeldOpen(directory);
}

function holdsOnlyBeginnings(directory: string): boolean {
  return entriesOf(directory).every((entry) => {
    if (entry.isFile()) return OWN_FILES.has(entry.name);
    if (!entry.isDirectory()) return false;
    return entry.name === 'checkpoints' && entriesOf(join(directory, entry.name)).every(isUnfinished);
  });
}

function isUnfinished(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name.startsWith('.unfinished-');
}

/** Gives back when anything in a folder was last written, milliseconds since 1970. */
function lastChange(path: string): number {
  const { mtimeMs } = lstatSync(path);
  const inside = lstatSync(path).isDirectory() ? entriesOf(path).map(({ name }) => lastChange(join(path, name))) : [];
  return Math.max(mtimeMs, ...inside);
}

function entriesOf(directory: string): Dirent[] {
  return readdirSync(directory, { withFileTypes: true });
}

/** A runner has its log open, and a trainer whose save the disk holds up what it saves. */
function isHeldOpen(directory: string): boolean {
  const inside = realpathSync(directory) + sep;
  return numbersIn('/proc').some((pid) =>
    numbersIn(`/proc/${pid}/fd`).some((file) => target(`/proc/${pid}/fd/${file}`).startsWith(inside)),
  );
}

function numbersIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no Linux, another user's process, or one that has just ended
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed in the meantime
  }
}
