/** `bleubird stop RUN`: asks a running run to end. */
import type { Command } from 'commander';
import { isUnfinished } from '../../store/run-state.ts';
import { storeOption, withRuns, withStore } from '../store-option.ts';
import type { World } from '../world.ts';

interface StopOptions {
  readonly store?: string;
  readonly now?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** A step, an interrupted evaluation and a checkpoint of a large model are done within this. */
const PATIENCE_MS = 120_000;

export function addStopCommand(program: Command, world: World): void {
  program
    .command('stop')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('end a running run after its step, saved')
    .description('Asks a running run to end: it finishes its step, saves a checkpoint and is marked stopped.')
    .option('--now', 'asked before and still running: end it at once')
    .option('--no-wait', 'do not wait until it has ended')
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird stop last')
    .action((run: string, _options: unknown, command: Command) =>
      stop(run, command.optsWithGlobals<StopOptions>(), world),
    );
}

async function stop(typed: string, options: StopOptions, world: World): Promise<void> {
  const { stopRun } = await import('../../runner/stop-run.ts');
  const found = await withRuns(world, options.store, (store) => store.findRun(typed));
  const { id } = found;
  await withStore(world, options.store, async (store) => {
    if (options.wait && isUnfinished(found.state)) world.output.note(`Asked ${id} to stop after its step.`);
    const state = await stopRun(store, id, { again: options.now, waitMs: options.wait ? PATIENCE_MS : 0 });
    if (options.json) world.output.json({ run: id, state });
    else world.output.line(`${id} ${state}`);
    if (options.wait && isUnfinished(state)) {
      world.output.note(`hint: it has not ended yet; \`bleubird stop ${id} --now\` ends it at once.`);
    }
  });
}
