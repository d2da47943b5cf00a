/** `bleubird save RUN`: asks a running run for a checkpoint. */
import type { Command } from 'commander';
import { storeOption, withRuns } from '../store-option.ts';
import type { World } from '../world.ts';

export function addSaveCommand(program: Command, world: World): void {
  program
    .command('save')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('let a running run save a checkpoint after its step')
    .description('Asks a running run for a checkpoint after its step; it goes on. The same as SIGUSR2 to its runner.')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird save last')
    .action((run: string, _options: unknown, command: Command) =>
      save(run, command.optsWithGlobals<{ readonly store?: string }>(), world),
    );
}

async function save(typed: string, { store }: { readonly store?: string }, world: World): Promise<void> {
  const { saveRun } = await import('../../runner/save-run.ts');
  await withRuns(world, store, (runs) => {
    const { id } = runs.findRun(typed);
    saveRun(runs, id);
    world.output.note(`Asked ${id} to save after its step.`);
  });
}
