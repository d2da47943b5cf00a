/** `bleubird save RUN`: asks a running run for a checkpoint. */
import type { Command } from 'commander';
import { isUnfinished } from '../../store/run-state.ts';
import { formatBytes } from '../../ui/text/format.ts';
import { storeOption, withRuns } from '../store-option.ts';
import type { World } from '../world.ts';

interface SaveOptions {
  readonly store?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** A step and a checkpoint of a large model, or an evaluation before them, are done within this. */
const PATIENCE_MS = 120_000;

export function addSaveCommand(program: Command, world: World): void {
  program
    .command('save')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('let a running run save a checkpoint after its step')
    .description('Asks a running run for a checkpoint after its step; it goes on. The same as SIGUSR2 to its runner.')
    .option('--no-wait', 'do not wait until it is saved')
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird save last')
    .action((run: string, _options: unknown, command: Command) =>
      save(run, command.optsWithGlobals<SaveOptions>(), world),
    );
}

async function save(typed: string, { store, wait, json }: SaveOptions, world: World): Promise<void> {
  const { saveRun } = await import('../../runner/save-run.ts');
  const { output } = world;
  await withRuns(world, store, async (runs) => {
    const { id } = runs.findRun(typed);
    const saved = saveRun(runs, id);
    output.note(`Asked ${id} to save after its step.`);
    const checkpoint = await saved(wait ? PATIENCE_MS : 0);
    const { state } = runs.findRun(id);
    if (json) {
      const { step, path, sizeBytes } = checkpoint ?? { step: null, path: null, sizeBytes: null };
      output.json({ run: id, state, step, path, sizeBytes });
    } else if (checkpoint !== null) {
      output.line(`${id} saved step ${checkpoint.step}, ${formatBytes(checkpoint.sizeBytes)}: ${checkpoint.path}`);
    }
    if (checkpoint !== null || !wait) return;
    if (isUnfinished(state)) output.note('hint: it has not saved yet; `bleubird show` tells when it has.');
    else output.note(`It has ended (${state}) before another step.`);
  });
}
