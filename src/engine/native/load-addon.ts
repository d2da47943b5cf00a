/** Finds and loads the native addon, or says why it is not there. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeviceError } from '../../errors.ts';
import type { NativeAddon } from './addon-functions.ts';

/** BLEUBIRD_ADDON names another folder: build/sanitize or build/emulated, for tests. */
const BUILD_FOLDER =
  process.env.BLEUBIRD_ADDON === undefined
    ? new URL('../../../build/', import.meta.url)
    : pathToFileURL(path.join(process.env.BLEUBIRD_ADDON, path.sep));
const BUILD_HINT = 'Build it with "npm run build:native", which needs c++, g++ or clang++; or use --device wasm.';

/**
 * Returns the addon that `build-addon.mjs` made; the same at each call.
 *
 * @param folder  where to look, for tests; ends in a slash
 * @throws {DeviceError} when it was not built, with the reason, or does not load
 */
export function loadAddon(folder: URL = BUILD_FOLDER): NativeAddon {
  const file = fileURLToPath(new URL('bleubird.node', folder));
  if (!existsSync(file)) {
    const reason = new URL('why-not', folder);
    const why = existsSync(reason) ? `: ${readFileSync(reason, 'utf8').trim()}` : `: there is no ${file}`;
    throw new DeviceError(`The native backend was not built${why}`, { hint: BUILD_HINT });
  }
  try {
    return createRequire(import.meta.url)(file) as NativeAddon;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError(`The native backend does not load: ${message}`, { hint: BUILD_HINT, cause });
  }
}
