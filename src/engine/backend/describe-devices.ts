/** Says, for `bleubird doctor`, which devices work on this machine and how to get the others. */
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors.ts';
import { loadAddon } from '../native/load-addon.ts';
import { describeBetterIsas, describeNative } from '../native/open-native.ts';
import {
  CUDA_INSTALL_COMMAND,
  type CudaSurroundings,
  currentSurroundings,
  missingCudaLibraries,
} from './cuda-requirements.ts';
import { type Backend, openDevice } from './open-backend.ts';

export interface DeviceReport {
  readonly name: Backend['name'];
  readonly works: boolean;
  /** What it runs on, or what is missing. */
  readonly detail: string;
  /** How to get it, or what to know; null when there is nothing to do. */
  readonly hint: string | null;
}

/** Returns a report on each device, fastest first, after trying each. The backend that was open stays so, as it was. */
export async function describeDevices(surroundings: CudaSurroundings = currentSurroundings()): Promise<DeviceReport[]> {
  const openBefore = tf.engine().backendName;
  const reports = [
    await describeCuda(surroundings),
    await describeNativeDevice(openBefore),
    await describeDevice('wasm'),
    await describeDevice('cpu'),
  ];
  if (openBefore) await tf.setBackend(openBefore);
  return reports;
}

async function describeDevice(name: Backend['name']): Promise<DeviceReport> {
  try {
    const { description } = await openDevice(name);
    return { name, works: true, detail: description, hint: null };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { name, works: false, detail: error.message, hint: error.hint ?? null };
  }
}

/** Opening it again would change its settings. */
async function describeNativeDevice(openBefore: string): Promise<DeviceReport> {
  const tried: DeviceReport =
    openBefore === 'native'
      ? { name: 'native', works: true, detail: describeNative(loadAddon()), hint: null }
      : await describeDevice('native');
  return tried.works ? { ...tried, hint: describeBetterIsas(loadAddon()) } : tried;
}

const CUDA_NOTES = [
  "bleubird's authors had no such machine: nothing about cuda has been measured.",
  'CUDA 12 and later do not serve: TensorFlow 2.9.1 asks for the libraries of CUDA 11 and cuDNN 8 by name.',
  'Node 23 and later lack two functions the package calls; bleubird puts them back.',
].join(' ');

async function describeCuda(surroundings: CudaSurroundings): Promise<DeviceReport> {
  const tried = await describeDevice('cuda');
  if (tried.works) return { ...tried, hint: CUDA_NOTES };
  const missing = missingCudaLibraries(surroundings);
  const detail = missing.length === 0 ? tried.detail : `${tried.detail}; not found: ${missing.join(', ')}`;
  return { ...tried, detail, hint: `Install it with "${CUDA_INSTALL_COMMAND}". ${CUDA_NOTES}` };
}
