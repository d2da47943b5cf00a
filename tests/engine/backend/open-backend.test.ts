import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { peerError } from '../../../src/engine/backend/cuda-backend.ts';
import { missingCudaLibraries } from '../../../src/engine/backend/cuda-requirements.ts';
import { describeDevices } from '../../../src/engine/backend/describe-devices.ts';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { DeviceError } from '../../../src/errors.ts';
import { isAddonBuilt } from '../native/native-support.ts';

const INSTALL = 'npm install --no-save --allow-scripts=@tensorflow/tfjs-node-gpu @tensorflow/tfjs-node-gpu@4.22.0';
const isCudaInstalled = isInstalled('@tensorflow/tfjs-node-gpu');

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

describe('openBackend', () => {
  it.each(['wasm', 'cpu'] as const)('opens %s by its name and computes on it', async (device) => {
    const backend = await openBackend(device);
    expect(backend).toMatchObject({ name: device, why: 'asked for' });
    expect(backend.versions).toMatchObject({ 'tfjs-core': '4.22.0', [`tfjs-backend-${device}`]: '4.22.0' });
    expect(tf.getBackend()).toBe(device);
    const x = tf.tensor1d([1, 2]);
    expect([...tf.mul(x, x).dataSync()]).toEqual([1, 4]);
  });

  it('leaves no listener on the process, so that its end stays as Node has it', async () => {
    await openBackend('wasm');
    const isEmscriptens = (listener: unknown): boolean => /ExitStatus|throw reason/.test(String(listener));
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      expect(process.listeners(event as 'uncaughtException').filter(isEmscriptens)).toEqual([]);
    }
  });

  const why = 'the fastest that works here';

  it.skipIf(isCudaInstalled || !isAddonBuilt)(
    'with auto takes native, without a word of a cuda that nobody asked for',
    async () => {
      expect(await openBackend('auto')).toMatchObject({ name: 'native', why });
    },
  );

  it.skipIf(isCudaInstalled)('with auto takes wasm where the addon is not built, and says so', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'no-addon-'));
    vi.stubEnv('BLEUBIRD_ADDON', folder);
    vi.resetModules();
    const elsewhere = await import('../../../src/engine/backend/open-backend.ts');
    const backend = await elsewhere.openBackend('auto').finally(() => {
      vi.unstubAllEnvs();
      vi.resetModules();
      rmSync(folder, { recursive: true });
    });
    expect(backend.name).toBe('wasm');
    expect(backend.why).toContain(`${why}; The native backend was not built`);
  });

  it.skipIf(isCudaInstalled || !isAddonBuilt)(
    'with auto refuses what native cannot do, and takes no other',
    async () => {
      vi.stubEnv('BLEUBIRD_ISA', 'mmx');
      const opening = openBackend('auto').finally(() => vi.unstubAllEnvs());
      await expect(opening).rejects.toThrow(/^BLEUBIRD_ISA=mmx: the instruction set "mmx" is not known/);
      await expect(opening).rejects.toThrow(DeviceError);
    },
  );

  it.each(['auto', 'native', 'wasm', 'cpu'] as const)('refuses a wrong number of threads with %s', async (device) => {
    await expect(openBackend(device, { precision: 'auto', threads: 1000 })).rejects.toThrow(
      /^1000 threads are more than the native device has; expected 1 to 256$/,
    );
    vi.stubEnv('BLEUBIRD_THREADS', 'all');
    const opening = openBackend(device).finally(() => vi.unstubAllEnvs());
    await expect(opening).rejects.toThrow('BLEUBIRD_THREADS=all is not a number of threads; expected 1 to 256');
  });

  it.skipIf(isCudaInstalled)('refuses cuda without its package, with the command that installs it', async () => {
    const error = await openBackend('cuda').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({
      message: 'cuda needs the package @tensorflow/tfjs-node-gpu, which is not installed',
      hint: INSTALL,
      exitCode: 5,
    });
  });

  it.each(['wasm', 'cpu'] as const)(
    'lets clones share their values on %s, and each outlive the other',
    async (device) => {
      await openBackend(device);
      const original = tf.tensor1d([1, 2, 3]);
      const { numDataBuffers } = tf.memory();
      const [first, second] = [tf.clone(original), tf.clone(original)];
      expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
      tf.dispose([original, first]);
      const written = tf.zeros([3]); // where a freed original would have been
      expect([...second.dataSync()]).toEqual([1, 2, 3]);
      tf.dispose([second, written]);
      expect(tf.memory().numDataBuffers).toBe(numDataBuffers - 1);
    },
  );

  it('throws a DeviceError when the wasm heap has no room, instead of writing at address 0', async () => {
    await openBackend('wasm');
    const backend = tf.backend() as BackendWasm;
    const blocks: tf.TensorInfo[] = [];
    const fill = (): void => {
      for (let i = 0; i < 3; i++) blocks.push(backend.makeOutput([400 * 1024 ** 2], 'float32'));
    };
    expect(fill).toThrow('The wasm backend has no 1678 MB left for a tensor; its memory is 4 GB at most');
    expect(blocks).toHaveLength(2);
    for (const { dataId } of blocks) backend.disposeData(dataId);
    // 5 GiB, which tfjs would cut to 32 bits and take for 1 GiB
    expect(() => backend.makeOutput([5 * 256 * 1024 ** 2], 'float32')).toThrow('has no 5369 MB left');
  });
});

describe('peerError', () => {
  it('tells a package without its native addon from one whose libraries are absent', () => {
    const addon = peerError(
      new Error('The Node.js native addon module (tfjs_binding.node) can not be found at path: x'),
    );
    expect(addon.message).toBe(
      '@tensorflow/tfjs-node-gpu is installed without its native addon: its install script did not run or failed',
    );
    expect(addon.hint).toBe(`npm 12 runs it only when allowed: ${INSTALL}`);
    const libraries = peerError(new Error('libtensorflow.so.2: cannot open shared object file'));
    expect(libraries.message).toBe(
      '@tensorflow/tfjs-node-gpu cannot be loaded: libtensorflow.so.2: cannot open shared object file',
    );
    expect(libraries.hint).toContain('CUDA 11.2 (libcudart.so.11.0, libcublas.so.11) and cuDNN 8.1 (libcudnn.so.8)');
  });
});

describe('missingCudaLibraries', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'bleubird-cuda-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('names the libraries that are neither in LD_LIBRARY_PATH nor where the system keeps them', () => {
    writeFileSync(path.join(directory, 'libcudart.so.11.0'), '');
    const env = { LD_LIBRARY_PATH: `:${directory}` };
    expect(missingCudaLibraries({ platform: 'linux', env, libraryDirectories: [] })).toEqual([
      'libcuda.so.1 (the NVIDIA driver (450 or later))',
      'libcublas.so.11 (CUDA 11.2)',
      'libcudnn.so.8 (cuDNN 8.1)',
    ]);
    writeFileSync(path.join(directory, 'libcudnn.so.8'), '');
    const found = missingCudaLibraries({ platform: 'linux', env: {}, libraryDirectories: [directory] });
    expect(found).toHaveLength(2);
  });
});

describe('precision', () => {
  it.each(['wasm', 'cpu'] as const)('is refused as bf16 on %s', async (device) => {
    await expect(openBackend(device, { precision: 'bf16', threads: null })).rejects.toThrow(
      `The device ${device} has no precision bf16; expected auto or f32`,
    );
  });
});

describe('describeDevices', () => {
  it.skipIf(isCudaInstalled)('reports each device with what is missing, and leaves the open one open', async () => {
    await openBackend('cpu');
    const reports = await describeDevices({ platform: 'linux', env: {}, libraryDirectories: [] });
    expect(reports.map(({ name, works }) => [name, works])).toEqual([
      ['cuda', false],
      ['native', isAddonBuilt],
      ['wasm', true],
      ['cpu', true],
    ]);
    const [cuda, , wasm] = reports;
    expect(cuda?.detail).toContain('which is not installed; not found: libcuda.so.1');
    expect(cuda?.hint).toContain(INSTALL);
    expect(cuda?.hint).toContain('nothing about cuda has been measured');
    expect(wasm?.hint).toBeNull();
    expect(tf.getBackend()).toBe('cpu');
  });

  it.skipIf(!isAddonBuilt)('leaves the settings of an open native backend as they are', async () => {
    const { description } = await openBackend('native', { precision: 'f32', threads: 3 });
    const [, native] = await describeDevices({ platform: 'linux', env: {}, libraryDirectories: [] });
    expect(native?.detail).toBe(description);
    expect(description).toMatch(/^3 threads, .*precision f32$/);
  });
});
