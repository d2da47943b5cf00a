/** `bleubird attach RUN`: shows a run, live while it goes on. */
import type { Command } from 'commander';
import { startScreens } from '../start-screens.ts';
import { storeOption, withRuns } from '../store-option.ts';
import { isInteractive, type World } from '../world.ts';

interface AttachOptions {
  readonly ui: boolean;
  readonly store?: string;
}

export function addAttachCommand(program: Command, world: World): void {
  program
    .command('attach')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('show a run, live while it goes on')
    .description(
      'Opens the UI on a run. With --no-ui, without a terminal or in CI it tells what happens until the run ends, and\n' +
        'ends with the exit code of the run. Ctrl-C leaves; the run goes on.',
    )
    .option('--no-ui', 'tell it here, without the UI')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird attach last')
    .action((run: string, _options: unknown, command: Command) =>
      attach(run, command.optsWithGlobals<AttachOptions>(), world),
    );
}

async function attach(typed: string, options: AttachOptions, world: World): Promise<void> {
  const { id } = await withRuns(world, options.store, (store) => store.findRun(typed));
  if (options.ui && isInteractive(world)) return startScreens(world, options.store, id);
  const { followRun } = await import('../headless/follow-run.ts');
  await followRun(id, options.store, world);
}
