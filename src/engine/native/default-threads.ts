/** How many threads compute by default: physical cores this process may use. A second thread on a core gains nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

/** The native device has no more. */
export const MOST_THREADS = 256;

/**
 * Returns the number of physical cores the process may use, by its affinity and the quota of its control group; 1 to
 * MOST_THREADS.
 *
 * @param root  where /proc and /sys are, for tests
 * @param available  what the system says of logical processors, where neither is there
 */
export function defaultThreads(root = '/', available = availableParallelism()): number {
  const allowed = allowedProcessors(root) ?? Array.from({ length: available }, (_, index) => index);
  const cores = new Set(allowed.map((processor) => coreOf(root, processor)));
  return Math.max(1, Math.min(cores.size, available, quota(root), MOST_THREADS));
}

function readIfThere(root: string, name: string): string | null {
  const file = path.join(root, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

function allowedProcessors(root: string): number[] | null {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readIfThere(root, 'proc/self/status') ?? '')?.[1];
  return list === undefined ? null : parseList(list);
}

/** Parses '0-3,8' to 0, 1, 2, 3, 8. */
function parseList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Processors of one core have the same list of siblings. */
function coreOf(root: string, processor: number): string {
  return readIfThere(root, `sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`) ?? String(processor);
}

/** Whole processors of the control group's share, version 2 or 1; infinite without a limit. */
function quota(root: string): number {
  const [limit, period] = (readIfThere(root, 'sys/fs/cgroup/cpu.max') ?? '').split(' ').map(Number);
  const oldLimit = Number(readIfThere(root, 'sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? Number.NaN);
  const oldPeriod = Number(readIfThere(root, 'sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? Number.NaN);
  if (limit !== undefined && period !== undefined && limit > 0 && period > 0) return Math.ceil(limit / period);
  if (oldLimit > 0 && oldPeriod > 0) return Math.ceil(oldLimit / oldPeriod);
  return Number.POSITIVE_INFINITY;
}
