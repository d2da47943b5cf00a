/** `bleubird store check|repair|backup|vacuum`, from outside. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { canMount, makeReadOnly, smallDisk } from '../runner/full-disk.ts';
import { completed, envelopes, metrics, newRun } from '../store/run-events.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

/** A folder with a store of two runs that have ended. */
function folderWithStore(): { cwd: string; file: string } {
  const cwd = temporaryFolder();
  const store = openStore(join(cwd, '.bleubird'));
  for (const id of ['one', 'two']) {
    const number = envelopes();
    const writer = store.createRun(newRun({ id }));
    for (let step = 1; step <= 200; step++) writer.record(number(metrics(step, { loss: step })));
    writer.finish(completed);
  }
  store.close();
  return { cwd, file: join(cwd, '.bleubird', 'bleubird.sqlite') };
}

describe('bleubird store', () => {
  it('check says that nothing is wrong, as text and as JSON', async () => {
    const { cwd, file } = folderWithStore();
    const text = await runCli(['store', 'check'], { cwd });
    expect(text).toEqual({ code: 0, stdout: `${file}: 2 runs, nothing is wrong.\n`, stderr: '' });
    const json = await runCli(['store', 'check', '--json'], { cwd });
    expect(JSON.parse(json.stdout)).toEqual({ path: file, runs: 2, problems: 0, findings: [] });
  });

  it('check names damage with exit code 6 and changes nothing; repair cures it; check is content again', async () => {
    const { cwd, file } = folderWithStore();
    const { size } = statSync(file);
    writeFileSync(file, Buffer.alloc(size, 7));
    const bad = await runCli(['store', 'check'], { cwd });
    expect(bad.code).toBe(6);
    expect(bad.stderr).toContain('problem: the file is damaged: file is not a database');
    expect(bad.stderr).toContain('`bleubird store repair` cures what can be cured.');
    const ls = await runCli(['ls'], { cwd });
    expect(ls.code).toBe(6);
    expect(ls.stderr).toContain('`bleubird store repair`');
    const repaired = await runCli(['store', 'repair'], { cwd });
    expect(repaired.code).toBe(0);
    expect(repaired.stdout).toMatch(/the damaged file is now .*\.damaged-/);
    expect(repaired.stdout).toContain('a new store was made with 2 runs: 2 from their journals');
    expect((await runCli(['store', 'check'], { cwd })).code).toBe(0);
    expect((await runCli(['store', 'repair'], { cwd })).stdout).toBe('There was nothing to repair.\n');
  });

  it('backup copies to a file that is named, or after the time, and refuses a folder that is not there', async () => {
    const { cwd } = folderWithStore();
    const named = await runCli(['store', 'backup', 'copy.sqlite'], { cwd });
    expect(named.stdout).toMatch(
      /copy\.sqlite: [\d.]+ [kM]B\. Checkpoints and journals stay in runs\/ and are not in it\.\n/,
    );
    const json = JSON.parse((await runCli(['store', 'backup', '--json'], { cwd })).stdout);
    expect(json.file).toMatch(/bleubird-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.sqlite$/);
    expect(json.sizeBytes).toBe(statSync(json.file).size);
    const again = await runCli(['store', 'backup', 'copy.sqlite'], { cwd });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('Choose another name, or give --overwrite.');
    expect((await runCli(['store', 'backup', 'copy.sqlite', '--overwrite'], { cwd })).code).toBe(0);
    const nowhere = await runCli(['store', 'backup', 'no/folder/copy.sqlite'], { cwd });
    expect(nowhere.code).toBe(6);
    expect(nowhere.stderr).toContain('ENOENT');
    // What was copied is a store.
    const other = temporaryFolder();
    const { copyFileSync, mkdirSync } = await import('node:fs');
    mkdirSync(join(other, '.bleubird'));
    copyFileSync(join(cwd, 'copy.sqlite'), join(other, '.bleubird', 'bleubird.sqlite'));
    const runs = (await runCli(['ls', '--json'], { cwd: other })).stdout.trim().split('\n');
    expect(runs.map((line) => JSON.parse(line).id)).toEqual(['two', 'one']);
  });

  it.skipIf(!canMount)('check and backup read a store on a disk that takes no writes', async () => {
    const folder = smallDisk();
    const store = openStore(folder);
    const number = envelopes();
    const writer = store.createRun(newRun({ id: 'one' }));
    for (let step = 1; step <= 20; step++) writer.record(number(metrics(step, { loss: step })));
    writer.finish(completed);
    store.close();
    makeReadOnly(folder);
    const where = ['--store', folder];
    const check = await runCli(['store', 'check', ...where]);
    const file = join(folder, 'bleubird.sqlite');
    expect(check).toEqual({ code: 0, stdout: `${file}: 1 run, nothing is wrong.\n`, stderr: '' });
    const cwd = temporaryFolder();
    const backup = await runCli(['store', 'backup', 'bleubird.sqlite', ...where], { cwd });
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    expect((await runCli(['ls', '--json', '--store', cwd])).stdout).toContain('"id":"one"');
    const inside = await runCli(['store', 'backup', join(folder, 'copy.sqlite'), ...where]);
    expect(inside.code).toBe(6);
    expect(inside.stderr).toContain(`The copy ${join(folder, 'copy.sqlite')} cannot be written: EROFS`);
  });

  it('vacuum gives space back, but not while a run goes on', async () => {
    const { cwd, file } = folderWithStore();
    expect((await runCli(['rm', 'one', '--yes'], { cwd })).code).toBe(0);
    const { stdout } = await runCli(['store', 'vacuum', '--json'], { cwd });
    const { beforeBytes, afterBytes } = JSON.parse(stdout);
    expect(afterBytes).toBeLessThan(beforeBytes);
    expect(statSync(file).size).toBe(afterBytes);
    const { identityOf } = await import('../../src/runner/process-identity.ts');
    const store = openStore(join(cwd, '.bleubird'));
    store.createRun(newRun({ id: 'live', runner: identityOf() }));
    store.close();
    const refused = await runCli(['store', 'vacuum'], { cwd });
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain(
      `Run live is being written by process ${process.pid}: the store is left as it is.`,
    );
  });

  it('repair takes in events that a journal has beyond the store', async () => {
    const { cwd } = folderWithStore();
    const { journalLine, journalPath } = await import('../../src/store/journal.ts');
    const path = journalPath(join(cwd, '.bleubird', 'runs', 'two'));
    const envelope = { v: 1, seq: 201, time: 5, event: metrics(201, { loss: 7 }) } as const;
    appendFileSync(path, journalLine({ type: 'event', at: 5, envelope }));
    const bad = await runCli(['store', 'check'], { cwd });
    expect(bad.stderr).toContain('problem: run two: 1 events of its journal are not in the store');
    const { stdout } = await runCli(['store', 'repair'], { cwd });
    expect(stdout).toContain('run two was made anew from its journal');
    expect(existsSync(path)).toBe(true);
    expect(readdirSync(join(cwd, '.bleubird')).filter((name) => /damaged|unfinished/.test(name))).toEqual([]);
  });

  it.each([
    { what: 'a pipe', put: (path: string) => void execFileSync('mkfifo', [path]) },
    { what: 'a device', put: (path: string) => symlinkSync('/dev/zero', path) },
    { what: 'a folder', put: (path: string) => void mkdirSync(path) },
  ])('check and repair say so where $what is in the place of a journal, and end', async ({ put }) => {
    const { cwd, file } = folderWithStore();
    const path = join(cwd, '.bleubird', 'runs', 'two', 'journal.jsonl');
    rmSync(path);
    put(path);
    const told = `The journal ${path} is no file, but a folder, a device or a pipe.`;
    const bad = await runCli(['store', 'check'], { cwd });
    expect(bad).toMatchObject({ code: 6, stderr: expect.stringContaining(told) });
    writeFileSync(file, '');
    const { stdout } = await runCli(['store', 'repair'], { cwd });
    expect(stdout).toContain('a new store was made with 1 run: 1 from their journals');
    expect(stdout).toContain(`the journal could not be used of two (${told})`);
  });
});
