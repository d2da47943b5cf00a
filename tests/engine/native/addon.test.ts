import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { GEMM_FLAGS } from '../../../src/engine/native/addon-functions.ts';
import { defaultThreads } from '../../../src/engine/native/default-threads.ts';
import { loadAddon } from '../../../src/engine/native/load-addon.ts';
import { openNative } from '../../../src/engine/native/open-native.ts';
import { DeviceError } from '../../../src/errors.ts';
import { isAddonBuilt, isSanitized } from './native-support.ts';

const root = mkdtempSync(path.join(tmpdir(), 'bleubird-native-'));
afterAll(() => rmSync(root, { recursive: true }));

describe.skipIf(!isAddonBuilt)('the addon (skipped where it was not built)', () => {
  const addon = isAddonBuilt ? loadAddon() : null;
  const native = (): NonNullable<typeof addon> => {
    if (addon === null) throw new Error('the addon was not built');
    return addon;
  };
  const counters = (): number[] => {
    const values = new Float64Array(5);
    native().memoryCounters(values);
    return [...values];
  };

  it('gives back in parts what was written', () => {
    const block = native().allocate(12);
    native().write(block, Int32Array.of(1, 2, 3));
    native().write(block, Int32Array.of(7), 4);
    const found = new Int32Array(2);
    native().read(block, found, 4);
    expect([...found]).toEqual([7, 3]);
    expect(() => native().read(block, new Int32Array(4))).toThrow(RangeError);
    expect(() => native().write(block, Int32Array.of(1), 12)).toThrow(RangeError);
    native().free(block);
  });

  it('refuses handles that are freed, even when their place is used again', () => {
    const old = native().allocate(64);
    native().free(old);
    const next = native().allocate(64);
    expect(() => native().free(old)).toThrow(new RangeError(`no block has the handle ${old}`));
    expect(() => native().read(old, new Float32Array(1))).toThrow(RangeError);
    expect(() => native().free(0)).toThrow(RangeError);
    expect(() => native().free(1.5)).toThrow('argument 1 is not an integer');
    expect(() => native().allocate(-1)).toThrow(RangeError);
    native().free(next);
  });

  it.skipIf(isSanitized)('asks the system for nothing in repeated steps', () => {
    const step = (): void => {
      const blocks = [100, 5000, 70_000, 300_000].map((bytes) => native().allocate(bytes));
      const [, , a = 0, c = 0] = blocks;
      native().gemm(a, a, c, 100, 100, 100, GEMM_FLAGS.transposeB, null, 0, null);
      for (const block of blocks) native().free(block);
    };
    step();
    const before = counters();
    for (let repeat = 0; repeat < 20; repeat++) step();
    expect(counters()).toEqual(before);
  });

  it.skipIf(isSanitized)('holds little more than the most that was ever in use, whatever the sizes', () => {
    const megabyte = 2 ** 20;
    const [, before = 0] = counters();
    let largest = 0;
    for (let size = 16 * megabyte; size <= 96 * megabyte; size = Math.round(size * 1.51)) {
      native().free(native().allocate(size));
      largest = before + size;
    }
    const [, inUse = 0, idle = 0] = counters();
    expect(inUse).toBe(before);
    expect(idle).toBeGreaterThanOrEqual(largest - before);
    expect(inUse + idle).toBeLessThan(1.4 * largest);
  });

  it('reads and writes arrays it knows the elements of, and no others', () => {
    const block = native().allocate(64);
    const refusal = 'argument 2 is not a Float32Array, Float64Array, Int32Array or Uint8Array';
    const kinds = ['Uint16Array', 'BigInt64Array', 'Float16Array'].flatMap(
      (name) => Reflect.get(globalThis, name) ?? [],
    );
    for (const Kind of kinds) {
      const array: unknown = new Kind(4);
      expect(() => Reflect.apply(native().read, null, [block, array])).toThrow(new TypeError(refusal));
      expect(() => Reflect.apply(native().write, null, [block, array])).toThrow(new TypeError(refusal));
    }
    native().free(block);
  });

  it('refuses to report into an array of another length', () => {
    const refusal = (length: number): TypeError =>
      new TypeError(`argument 1 is not a Float64Array of ${length} numbers`);
    expect(() => native().memoryCounters(new Float64Array(4))).toThrow(refusal(5));
    expect(() => native().crossEntropyTimes(new Float64Array(3))).toThrow(refusal(2));
  });

  it('drops the packed form of a weight with its block', () => {
    const [, , , , before] = counters();
    const blocks = [64, 64, 64].map((bytes) => native().allocate(bytes));
    const [a = 0, b = 0, c = 0] = blocks;
    native().gemm(a, b, c, 4, 4, 4, GEMM_FLAGS.weight, null, 0, null);
    expect(counters()[4]).toBeGreaterThan(before ?? 0);
    for (const block of blocks) native().free(block);
    expect(counters()[4]).toBe(before);
  });

  it('says which instruction sets are known, and why one is impossible', () => {
    expect(() => native().chooseIsa('mmx')).toThrow(/"mmx" is not known; expected one of: generic/);
    for (const line of native().isas().trimEnd().split('\n')) {
      const [name = '', obstacle = ''] = line.split('\t');
      if (obstacle !== '') {
        expect(() => native().chooseIsa(name)).toThrow(`the instruction set ${name} cannot be used: ${obstacle}`);
      }
    }
  });

  it('opens with the instruction set, threads and precision asked for', async () => {
    const choice = await openNative({ precision: 'bf16', threads: 3 }, { BLEUBIRD_ISA: 'generic' });
    expect(choice.description).toMatch(/^3 threads, (SSE2|NEON), precision bf16$/);
    const automatic = await openNative(
      { precision: 'auto', threads: null },
      { BLEUBIRD_ISA: 'generic', BLEUBIRD_THREADS: '1' },
    );
    expect(automatic.description).toMatch(/^1 thread, (SSE2|NEON), precision f32$/);
  });

  it.each([
    [{ BLEUBIRD_ISA: 'mmx' }, null, /^BLEUBIRD_ISA=mmx: the instruction set "mmx" is not known/],
    [{ BLEUBIRD_THREADS: 'all' }, null, /^BLEUBIRD_THREADS=all is not a number of threads; expected 1 to 256$/],
    [{}, 1000, /^1000 threads are more than the native device has; expected 1 to 256$/],
  ])('refuses %j with %s threads as a device error', async (env, threads, message) => {
    const opening = openNative({ precision: 'auto', threads }, env);
    await expect(opening).rejects.toThrow(DeviceError);
    await expect(opening).rejects.toThrow(message);
  });
});

describe('loadAddon', () => {
  const folder = (name: string): URL => {
    mkdirSync(path.join(root, name), { recursive: true });
    return pathToFileURL(path.join(root, name, path.sep));
  };

  it('tells why the addon was not built', () => {
    const empty = folder('empty');
    expect(() => loadAddon(empty)).toThrow(/^The native backend was not built: there is no .*bleubird\.node$/);
    writeFileSync(new URL('why-not', empty), 'no C++ compiler\n');
    expect(() => loadAddon(empty)).toThrow(/^The native backend was not built: no C\+\+ compiler$/);
  });

  it('tells when the addon does not load', () => {
    const broken = folder('broken');
    writeFileSync(new URL('bleubird.node', broken), 'not a library');
    expect(() => loadAddon(broken)).toThrow(/^The native backend does not load: /);
  });
});

describe('defaultThreads', () => {
  const machine = (name: string, files: Readonly<Record<string, string>>): string => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name, file)), { recursive: true });
      writeFileSync(path.join(root, name, file), `${text}\n`);
    }
    return path.join(root, name);
  };
  const siblings = Object.fromEntries(
    [0, 1, 2, 3].map((processor) => [
      `sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`,
      `${processor % 2},${(processor % 2) + 2}`,
    ]),
  );

  it.each([
    ['counts cores, not their threads', { 'proc/self/status': 'Cpus_allowed_list:\t0-3', ...siblings }, 4, 2],
    ['counts only processors it may use', { 'proc/self/status': 'Cpus_allowed_list:\t0,2', ...siblings }, 2, 1],
    ['heeds the quota of its group', { 'sys/fs/cgroup/cpu.max': '150000 100000' }, 8, 2],
    [
      'heeds that of version 1',
      { 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' },
      8,
      1,
    ],
    ['takes all without a quota', { 'sys/fs/cgroup/cpu.max': 'max 100000' }, 8, 8],
    ['takes no more than the pool has', { 'proc/self/status': 'Cpus_allowed_list:\t0-383' }, 384, 256],
  ])('%s', (title, files, available, expected) => {
    expect(defaultThreads(machine(title, files), available)).toBe(expected);
  });
});
