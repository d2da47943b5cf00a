/**
 * CUDA through the optional peer @tensorflow/tfjs-node-gpu. It is not among our dependencies: its installation fetches
 * 300 MB and wants CUDA 11.2, so whoever has the GPU adds it. Unmeasured by us.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors.ts';
import type { BackendChoice } from './backend-choice.ts';
import { CUDA_INSTALL_COMMAND, CUDA_PEER, locateCudaPeer } from './cuda-requirements.ts';

const LIBRARIES = 'CUDA 11.2 (libcudart.so.11.0, libcublas.so.11) and cuDNN 8.1 (libcudnn.so.8)';

/** What we use of the peer. */
interface CudaPeer {
  readonly version?: Readonly<Record<string, string>>;
}

interface TensorFlowBackend {
  readonly isUsingGpuDevice: boolean;
}

/**
 * Opens the backend 'tensorflow' of the peer.
 *
 * @throws {DeviceError} when the package is absent, its native addon does not load, or it sees no GPU
 */
export async function openCuda(): Promise<BackendChoice> {
  const peer = await importPeer();
  if (!(await tf.setBackend('tensorflow'))) {
    throw new DeviceError(`${CUDA_PEER} is installed, but its backend does not start`, {
      hint: `It needs ${LIBRARIES}.`,
    });
  }
  const { isUsingGpuDevice } = tf.backend() as unknown as TensorFlowBackend;
  if (!isUsingGpuDevice) {
    throw new DeviceError(`${CUDA_PEER} is installed, but sees no GPU`, {
      hint: `It needs an NVIDIA driver, ${LIBRARIES} on LD_LIBRARY_PATH; "nvidia-smi" must list the GPU.`,
    });
  }
  return {
    name: 'cuda',
    description: `NVIDIA GPU through ${CUDA_PEER} (TensorFlow 2.9.1, CUDA 11)`,
    versions: { 'tfjs-node-gpu': peer.version?.['tfjs-node'] ?? 'unknown' },
  };
}

async function importPeer(): Promise<CudaPeer> {
  const entry = locateCudaPeer();
  restoreUtilFunctions();
  try {
    return (await import(pathToFileURL(entry).href)) as CudaPeer;
  } catch (cause) {
    throw peerError(cause);
  }
}

/** Names why the peer, which is there, could not be imported. */
export function peerError(cause: unknown): DeviceError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (message.includes('tfjs_binding')) {
    return new DeviceError(
      `${CUDA_PEER} is installed without its native addon: its install script did not run or failed`,
      {
        hint: `npm 12 runs it only when allowed: ${CUDA_INSTALL_COMMAND}`,
        cause,
      },
    );
  }
  return new DeviceError(`${CUDA_PEER} cannot be loaded: ${message}`, { hint: `It needs ${LIBRARIES}.`, cause });
}

/** tfjs-node 4.22 calls two functions of `util` that Node 23 removed (tensorflow/tfjs#8609): gives them back. */
function restoreUtilFunctions(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
