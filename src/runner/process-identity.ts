/**
 * Tells one process from every other: a process number is given out again after a while, but not with the same start
 * time in the same boot of the same host.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../engine/files/system-error.ts';
import type { RunnerIdentity } from '../store/rows.ts';

/** Gives back the identity of the process `pid`, by default this one. */
export function identityOf(pid = process.pid): RunnerIdentity {
  const [processStart, bootId] = [readProcess(pid)?.start ?? null, readBootId()];
  return { pid, processStart, bootId, pidNamespace: readPidNamespace(), hostname: hostname() };
}

/**
 * Says whether the process with this identity lives; null when that cannot be told from here, since it is on another host,
 * or in a container whose processes have other numbers.
 */
export function isAlive(identity: RunnerIdentity): boolean | null {
  if (identity.hostname !== hostname()) return null;
  const bootId = readBootId();
  if (identity.bootId !== null && bootId !== null && identity.bootId !== bootId) return false;
  const pidNamespace = readPidNamespace();
  if (identity.pidNamespace !== null && pidNamespace !== null && identity.pidNamespace !== pidNamespace) return null;
  if (!exists(identity.pid)) return false;
  const found = readProcess(identity.pid);
  if (found === null) return true;
  if (found.isDead) return false;
  return identity.processStart === null || identity.processStart === found.start;
}

/** Says in words where a process is that cannot be reached from here. */
export function placeOf(identity: RunnerIdentity): string {
  return identity.hostname === hostname() ? 'in another container of this host' : `on the host ${identity.hostname}`;
}

/** Signal 0 only asks. A process of another user exists, too. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

interface FoundProcess {
  /** Clock ticks since boot on Linux, a date elsewhere. */
  readonly start: string;
  /** Ended, but not yet collected by its parent. */
  readonly isDead: boolean;
}

/** Gives back what the system says about a process, null where it says nothing. */
function readProcess(pid: number): FoundProcess | null {
  if (process.platform === 'linux') return readProcFile(pid);
  if (process.platform === 'win32') return null;
  return readFromPs(pid);
}

function readProcFile(pid: number): FoundProcess | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field, the name in brackets, may hold spaces and brackets itself: count from its end (proc(5), fields 3 and 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const start = fields[22 - 3];
  return start === undefined ? null : { start, isDead: state === 'Z' || state === 'X' };
}

/** macOS and the BSDs have no /proc; `ps` knows the start to the second. */
export function readFromPs(pid: number): FoundProcess | null {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2_000,
    }).trim();
    const [state = '', ...start] = text.split(/\s+/);
    return start.length === 0 ? null : { start: start.join(' '), isDead: state.startsWith('Z') };
  } catch {
    return null; // no such process, or no ps: both say nothing
  }
}

function readBootId(): string | null {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Such as `pid:[4026531836]`; unique as long as the system runs. */
function readPidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null; // a system without
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // gone in the meantime, or a system without /proc
  }
}
