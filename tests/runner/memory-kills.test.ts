/** Evidence of kills for want of memory, from files as Linux writes them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { countMemoryKills } from '../../src/runner/memory-kills.ts';
import { explainEnd } from '../../src/runner/run-end.ts';
import { temporaryFolder } from '../store/new-store.ts';

const events = (kills: number) => `low 0\nhigh 0\nmax 7\noom 9\noom_kill ${kills}\noom_group_kill 0\n`;
const vmstat = 'nr_free_pages 1\noom_kill 11\n';

function system(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

it.each<{ what: string; files: Record<string, string>; count: number | null }>([
  {
    what: 'its own group, before the machine',
    files: {
      'proc/self/cgroup': '0::/user.slice/a.scope\n',
      'sys/fs/cgroup/user.slice/a.scope/memory.events': events(3),
      'proc/vmstat': vmstat,
    },
    count: 3,
  },
  {
    what: 'its container, whose group is the top',
    files: { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.events': events(2), 'proc/vmstat': vmstat },
    count: 2,
  },
  {
    what: 'a group of version 1',
    files: {
      'proc/self/cgroup': '4:cpuset,memory:/docker/a\n1:cpu:/\n0::/\n',
      'sys/fs/cgroup/memory/docker/a/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n',
      'proc/vmstat': vmstat,
    },
    count: 5,
  },
  { what: 'the machine, where there is no group', files: { 'proc/vmstat': vmstat }, count: 11 },
  { what: 'nobody, on another system', files: {}, count: null },
])('The kills are those of $what.', ({ files, count }) => {
  expect(countMemoryKills(system(files))).toBe(count);
});

it.each([
  { memoryKills: 1, words: /^The system has killed for want of memory meanwhile, most likely it: lower per_device/ },
  { memoryKills: 0, words: /^Somebody killed it: the system has killed nothing for want of memory meanwhile\./ },
  {
    memoryKills: null,
    words: /^Somebody or the system killed it; if that was for want of memory \(see dmesg\), lower/,
  },
])('A killed trainer with $memoryKills such kills is explained so.', async ({ memoryKills, words }) => {
  const death = { type: 'died', exitCode: null, signal: 'SIGKILL', stderrTail: '', lastEvent: 'metrics' } as const;
  const wishes = { wasStopped: false, wasKilled: false };
  const { end } = await explainEnd(death, wishes, async () => ({ hasSoundCheckpoint: true, memoryKills }));
  expect(end.hint).toMatch(words);
});
