/**
 * Chooses where tensors live and makes tfjs ready: backend loaded and set, kernels of our own registered.
 * One backend for the life of a process: tfjs's state is global.
 */
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors.ts';
import type { DeviceName } from '../config/experiment.ts';
import { DeviceSettingError, type NativeOptions, openNative, requestedThreads } from '../native/open-native.ts';
import type { BackendChoice } from './backend-choice.ts';
import { openCuda } from './cuda-backend.ts';
import { CUDA_INSTALL_COMMAND } from './cuda-requirements.ts';
import { registerRowKernels } from './row-kernels.ts';
import { openWasm } from './wasm-backend.ts';

export interface Backend extends BackendChoice {
  /** Why this one was chosen. */
  readonly why: string;
}

/**
 * Opens the named backend, or for 'auto' the fastest that is here: cuda, else native, else wasm, else cpu.
 *
 * @throws {DeviceError} when the named one, or with 'auto' none, can be used, or a setting is wrong, also where the
 *   backend would not look at it; says what is missing and how to cure it
 */
export async function openBackend(
  device: DeviceName,
  options: NativeOptions = { precision: 'auto', threads: null },
): Promise<Backend> {
  tf.enableProdMode();
  requestedThreads(options.threads);
  const { choice, why } =
    device === 'auto' ? await openBest(options) : { choice: await openDevice(device, options), why: 'asked for' };
  registerRowKernels();
  return {
    ...choice,
    why,
    versions: { node: process.versions.node, 'tfjs-core': tf.version_core, ...choice.versions },
  };
}

const BY_SPEED = ['cuda', 'native', 'wasm', 'cpu'] as const;

async function openBest(options: NativeOptions): Promise<{ choice: BackendChoice; why: string }> {
  const refusals: { readonly device: string; readonly message: string }[] = [];
  for (const name of BY_SPEED) {
    try {
      const choice = await openDevice(name, options);
      // Of cuda nobody spoke, and most machines lack it: `bleubird doctor` tells what it needs.
      const noted = refusals.filter(({ device }) => device !== 'cuda').map(({ message }) => message);
      return { choice, why: ['the fastest that works here', ...noted].join('; ') };
    } catch (error) {
      if (!(error instanceof DeviceError) || error instanceof DeviceSettingError) throw error;
      refusals.push({ device: name, message: error.message });
    }
  }
  throw new DeviceError(`No backend works on this machine: ${refusals.map(({ message }) => message).join('; ')}`, {
    hint: `Run "bleubird doctor". A GPU needs: ${CUDA_INSTALL_COMMAND}`,
  });
}

/** Opens one backend and makes it tfjs's current one, without registering anything of ours. @throws {DeviceError} */
export async function openDevice(
  name: Exclude<DeviceName, 'auto'>,
  options: NativeOptions = { precision: 'auto', threads: null },
): Promise<BackendChoice> {
  if (name !== 'native' && options.precision === 'bf16') {
    throw new DeviceError(`The device ${name} has no precision bf16; expected auto or f32`, {
      hint: 'Use --device native, or --precision f32.',
    });
  }
  switch (name) {
    case 'native':
      return openNative(options);
    case 'cuda':
      return openCuda();
    case 'wasm':
      return openWasm();
    case 'cpu':
      return openCpu();
    default:
      return name satisfies never;
  }
}

async function openCpu(): Promise<BackendChoice> {
  const { version_cpu: version } = await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend('cpu'))) throw new DeviceError('The cpu backend of tfjs does not start');
  return {
    name: 'cpu',
    description: 'JavaScript on one core: slow, for tests and small models',
    versions: { 'tfjs-backend-cpu': version },
  };
}
