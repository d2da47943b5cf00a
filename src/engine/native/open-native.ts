/** Opens the native backend: instruction set, threads and precision chosen. */
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors.ts';
import type { BackendChoice } from '../backend/backend-choice.ts';
import type { Precision } from '../config/experiment.ts';
import type { NativeAddon } from './addon-functions.ts';
import { defaultThreads, MOST_THREADS } from './default-threads.ts';
import { loadAddon } from './load-addon.ts';

/** A setting that a device which is here cannot follow: an error however it was chosen, never a reason to take another. */
export class DeviceSettingError extends DeviceError {}

export interface NativeOptions {
  /** auto is bf16 where the processor multiplies it faster, else f32. Results of bf16 differ between processors. */
  readonly precision: Precision;
  /** Null takes BLEUBIRD_THREADS, else all physical cores the process may use. */
  readonly threads: number | null;
}

const ISA_NAMES: Readonly<Record<string, string>> = {
  generic: process.arch === 'arm64' ? 'NEON' : 'SSE2',
  avx2: 'AVX2',
  avx512: 'AVX-512',
  avx512bf16: 'AVX-512 with bf16',
  amx: 'AMX',
};

/**
 * Opens `native` and makes it tfjs's backend. BLEUBIRD_ISA in `env` names the instruction set, for tests and comparisons.
 *
 * @throws {DeviceError} when the addon is not there; {DeviceSettingError} when what is asked for is impossible here
 */
export async function openNative(
  options: NativeOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<BackendChoice> {
  const addon = loadAddon();
  const isa = env.BLEUBIRD_ISA ?? '';
  try {
    addon.chooseIsa(isa);
  } catch (cause) {
    const hint = 'Unset BLEUBIRD_ISA to take the best.';
    throw new DeviceSettingError(`BLEUBIRD_ISA=${isa}: ${messageOf(cause)}`, { hint, cause });
  }
  startThreads(addon, requestedThreads(options.threads, env) ?? defaultThreads());
  const isBf16 = options.precision === 'bf16' || (options.precision === 'auto' && addon.isBf16Faster() === 1);
  addon.setPrecision(isBf16 ? 'bf16' : 'f32');
  const { registerNative } = await import('./register-native.ts');
  registerNative(addon);
  if (!(await tf.setBackend('native'))) throw new DeviceError('The native backend does not start');
  return { name: 'native', description: describeNative(addon), versions: {} };
}

/** Returns e.g. "2 threads, AVX-512 with bf16, precision bf16". */
export function describeNative(addon: NativeAddon): string {
  const threads = addon.threads();
  return `${threads} thread${threads === 1 ? '' : 's'}, ${ISA_NAMES[addon.isa()] ?? addon.isa()}, precision ${addon.precision()}`;
}

/** Returns why no better instruction set is in use, or null when it is the best there is. */
export function describeBetterIsas(addon: NativeAddon): string | null {
  const lines = addon
    .isas()
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const current = lines.findIndex(([name]) => name === addon.isa());
  const obstacles = lines.slice(current + 1).map(([name = '', obstacle = '']) => {
    return `${ISA_NAMES[name] ?? name}: ${obstacle === '' ? 'possible, but slower here or not asked for' : obstacle}`;
  });
  return obstacles.length === 0 ? null : `Not in use: ${obstacles.join('; ')}.`;
}

/**
 * Returns how many threads are asked for, by the setting or else by BLEUBIRD_THREADS; null when by neither.
 *
 * @throws {DeviceSettingError} when the number is none, or none the native device can have
 */
export function requestedThreads(
  threads: number | null,
  { BLEUBIRD_THREADS: text }: Readonly<Record<string, string | undefined>> = process.env,
): number | null {
  if (threads !== null) {
    if (threads <= MOST_THREADS) return threads;
    throw new DeviceSettingError(
      `${threads} threads are more than the native device has; expected 1 to ${MOST_THREADS}`,
    );
  }
  if (text === undefined || text === '') return null;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_THREADS) return number;
  throw new DeviceSettingError(`BLEUBIRD_THREADS=${text} is not a number of threads; expected 1 to ${MOST_THREADS}`);
}

function startThreads(addon: NativeAddon, threads: number): void {
  try {
    addon.setThreads(threads);
  } catch (cause) {
    const hint = 'Ask for fewer with --threads or BLEUBIRD_THREADS, or raise the limit ("ulimit -u").';
    throw new DeviceSettingError(`${threads} threads cannot be had: ${messageOf(cause)}`, { hint, cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
