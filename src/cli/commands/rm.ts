/** `bleubird rm RUN…`: deletes runs that have ended. */
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import type { RunRecord } from '../../store/rows.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { askYesOrNo } from '../ask-yes-or-no.ts';
import { storeOption, withRuns, withStore } from '../store-option.ts';
import { counted } from '../text.ts';
import { hasTerminal, type World } from '../world.ts';

interface RmOptions {
  readonly yes?: boolean;
  readonly store?: string;
}

export function addRmCommand(program: Command, world: World): void {
  program
    .command('rm')
    .argument('<run...>', 'ids of runs, their beginnings, or "last"')
    .summary('delete runs that have ended')
    .description('Deletes runs that have ended, with their numbers, sentences, checkpoints and logs. Asks first.')
    .option('-y, --yes', 'do not ask')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird rm last')
    .action((runs: string[], _options: unknown, command: Command) =>
      remove(runs, command.optsWithGlobals<RmOptions>(), world),
    );
}

async function remove(typed: readonly string[], options: RmOptions, world: World): Promise<void> {
  const { output } = world;
  const found = await withRuns(world, options.store, (store) => typed.map((each) => store.findRun(each)));
  const runs = [...new Map(found.map((run) => [run.id, run])).values()];
  if (!options.yes) {
    if (!hasTerminal(world)) {
      throw new ConfigError('Deleting runs needs a yes, and there is no terminal to ask at.', [], {
        hint: 'Give --yes.',
      });
    }
    for (const run of runs) output.note(describe(run));
    if (!(await askYesOrNo(`Delete ${counted(runs.length, 'run')}, with checkpoints?`, world))) {
      output.note('Nothing was deleted.');
      return;
    }
  }
  const { deleteRun } = await import('../../runner/delete-run.ts');
  await withStore(world, options.store, async (store) => {
    for (const { id } of runs) {
      await deleteRun(store, id);
      output.line(`${id} deleted`);
    }
  });
}

function describe({ id, name, state, step }: RunRecord): string {
  return `${id}  ${visibleText(name)}  ${state}, ${counted(step, 'step')}`;
}
