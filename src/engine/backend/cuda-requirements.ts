/** What CUDA through @tensorflow/tfjs-node-gpu needs of the machine, looked for without loading anything. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DeviceError } from '../../errors.ts';
import { errorCode } from '../files/system-error.ts';

export const CUDA_PEER = '@tensorflow/tfjs-node-gpu';
/** npm 12 runs a package's install script, which fetches the native addon, only when it is allowed by name. */
export const CUDA_INSTALL_COMMAND = `npm install --no-save --allow-scripts=${CUDA_PEER} ${CUDA_PEER}@4.22.0`;

/** Gives the file that the package is entered by. @throws {DeviceError} when it is not installed */
export function locateCudaPeer(): string {
  try {
    // Found by Node's own search, so that neither the compiler nor a test runner's resolver asks for the package.
    return createRequire(import.meta.url).resolve(CUDA_PEER);
  } catch (cause) {
    if (errorCode(cause) !== 'MODULE_NOT_FOUND') throw cause;
    throw new DeviceError(`cuda needs the package ${CUDA_PEER}, which is not installed`, {
      hint: CUDA_INSTALL_COMMAND,
      cause,
    });
  }
}

/** Where Linux's loader and NVIDIA's installers put libraries. */
const LIBRARY_DIRECTORIES = ['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib', '/lib64'];

/** Libraries TensorFlow 2.9.1 loads by these very names; later versions of CUDA and cuDNN do not have them. */
const LIBRARIES: readonly (readonly [library: string, part: string])[] = [
  ['libcuda.so.1', 'the NVIDIA driver (450 or later)'],
  ['libcudart.so.11.0', 'CUDA 11.2'],
  ['libcublas.so.11', 'CUDA 11.2'],
  ['libcudnn.so.8', 'cuDNN 8.1'],
];

export interface CudaSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders to look for libraries in, beside those of LD_LIBRARY_PATH. */
  readonly libraryDirectories: readonly string[];
}

/** Returns the surroundings of this process. */
export function currentSurroundings(): CudaSurroundings {
  const local = existsSync('/usr/local') ? readdirSync('/usr/local') : [];
  const versioned = local.filter((name) => name.startsWith('cuda-11')).map((name) => `/usr/local/${name}/lib64`);
  return {
    platform: process.platform,
    env: process.env,
    libraryDirectories: [...LIBRARY_DIRECTORIES, ...versioned],
  };
}

/** Returns the libraries that are not where they are looked for, named for people; none where we cannot know. */
export function missingCudaLibraries({ platform, env, libraryDirectories }: CudaSurroundings): string[] {
  if (platform !== 'linux') return [];
  const fromEnvironment = (env.LD_LIBRARY_PATH ?? '').split(':').filter((name) => name !== '');
  const directories = [...fromEnvironment, ...libraryDirectories];
  const isThere = (library: string): boolean =>
    directories.some((directory) => existsSync(path.join(directory, library)));
  return LIBRARIES.filter(([library]) => !isThere(library)).map(([library, part]) => `${library} (${part})`);
}
