/** Opens the full-screen UI. */
import { ConfigError } from '../errors.ts';
import { collectGarbage } from './collect-garbage.ts';
import { binPath } from './own-files.ts';
import { withLastingStore } from './store-option.ts';
import { hasTerminal, type World } from './world.ts';

/**
 * Shows the UI until its user leaves it; runs go on without it.
 *
 * @param initialRunId  id of the run to show first; the table of runs when not given
 * @throws {ConfigError} without a terminal
 */
export async function startScreens(
  world: World,
  storeFolder: string | undefined,
  initialRunId?: string,
): Promise<void> {
  const { env, stdin, stdout } = world;
  if (!hasTerminal(world)) {
    throw new ConfigError('The full-screen UI needs a terminal for input and output; this is none.', [], {
      hint: '`bleubird run FILE.yaml --no-ui` trains without it, `bleubird ls` lists the runs, `bleubird --help` the rest.',
    });
  }
  process.env.NODE_ENV ??= 'production'; // else React loads what watches over its developers
  const { startUi } = await import('../ui/start-ui.tsx');
  const { createUiServices } = await import('./ui-services.ts');
  await withLastingStore(world, storeFolder, async (store) => {
    const services = createUiServices({ store, cwd: world.cwd, env, binPath, now: world.now });
    const stopCollecting = collectGarbage();
    await startUi(services, { env, stdin, stdout, initialRunId }).finally(stopCollecting);
  });
}
