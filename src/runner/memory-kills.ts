/** The system's own count of processes it has killed for want of memory: evidence for why a trainer is gone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Gives the count of this process's control group where there is one, else of the whole machine; null where the system does
 * not say. Only the difference of two counts tells something.
 *
 * @param root  where /proc and /sys are
 */
export function countMemoryKills(root = '/'): number | null {
  for (const path of [...groupFiles(root), 'proc/vmstat']) {
    const count = /^oom_kill (\d+)$/m.exec(readText(join(root, path)))?.[1];
    if (count !== undefined) return Number(count);
  }
  return null;
}

/** Where a control group counts: version 2 and 1; in a container its files may lie at the top instead of under its path. */
function groupFiles(root: string): string[] {
  const groups = readText(join(root, 'proc/self/cgroup'));
  const unified = /^0::(\/.*)$/m.exec(groups)?.[1] ?? '/';
  const memory = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1] ?? '/';
  return [
    join('sys/fs/cgroup', unified, 'memory.events'),
    'sys/fs/cgroup/memory.events',
    join('sys/fs/cgroup/memory', memory, 'memory.oom_control'),
    'sys/fs/cgroup/memory/memory.oom_control',
  ];
}

/** Empty where there is no such file: each system has some of them. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
