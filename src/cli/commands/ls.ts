/** `bleubird ls`: all runs, the newest first. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isDirectory } from '../../engine/files/file-kind.ts';
import { folderSize } from '../../engine/files/folder-size.ts';
import { withTrueStates } from '../../runner/true-states.ts';
import type { RunState, RunSummary } from '../../store/rows.ts';
import { formatBytes, formatDuration } from '../../ui/text/format.ts';
import { positiveNumber } from '../arguments.ts';
import { OWN_EXPERIMENT_COMMAND } from '../experiment-file.ts';
import type { Output, Tone } from '../output.ts';
import { RUN_ORDERS, type RunOrder, sortRuns } from '../sort-runs.ts';
import { storeDirectory, storeOption, withRuns } from '../store-option.ts';
import { type Column, formatTable } from '../table.ts';
import { difference, MISSING, percent, score, timestamp } from '../text.ts';
import type { World } from '../world.ts';

interface LsOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly limit?: number;
  readonly sort: RunOrder;
  readonly reverse?: boolean;
  readonly size?: boolean;
}

/** A run with the bytes of its folder, where they were asked for. */
type ListedRun = RunSummary & { readonly sizeBytes?: number };

export function addLsCommand(program: Command, world: World): void {
  program
    .command('ls')
    .summary('list the runs')
    .description('Lists the runs, the newest first, with state, progress and BLEU before and after.')
    .option('-n, --limit <count>', 'only the first so many', positiveNumber)
    .addOption(
      new Option('--sort <order>', 'created: newest first; bleu: best first; gain: greatest first; name: from A to Z')
        .choices(RUN_ORDERS)
        .default('created'),
    )
    .option('--reverse', 'the other way round')
    .option('--size', "with the size of each run's folder")
    .option('--json', 'one JSON object a run, one a line')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird ls --sort gain -n 10')
    .action((_options: unknown, command: Command) => listRuns(command.optsWithGlobals<LsOptions>(), world));
}

function listRuns(options: LsOptions, world: World): Promise<void> {
  return withRuns(world, options.store, async (store) => {
    const { output } = world;
    const found = sortRuns(store.listRuns(), options.sort, options.reverse ?? false).slice(0, options.limit);
    const runs: ListedRun[] = withTrueStates(found, store, world.now());
    if (options.size) {
      for (const [index, run] of runs.entries()) {
        runs[index] = { ...run, sizeBytes: await folderSize(store.findRun(run.id).directory) };
      }
    }
    if (options.json) {
      for (const run of runs) output.json(run);
    } else if (runs.length === 0) {
      const directory = storeDirectory(world, options.store);
      const isThere = isDirectory(resolve(world.cwd, directory));
      output.note(`There are no runs in ${directory} yet${isThere ? '' : ': there is no such folder'}.`);
      output.note(`hint: \`${OWN_EXPERIMENT_COMMAND}\` makes one.`);
    } else {
      const [titles = '', ...lines] = formatTable(runs, columns(output, options.size ?? false), output.columns);
      output.line(output.tone('bold', titles));
      for (const line of lines) output.line(line);
    }
  });
}

function columns(output: Output, hasSize: boolean): Column<ListedRun>[] {
  const size: Column<ListedRun> = { title: 'SIZE', text: (run) => formatBytes(run.sizeBytes ?? 0), align: 'right' };
  return [
    { title: 'RUN', text: (run) => run.id },
    { title: 'NAME', text: (run) => run.name, canShrink: true },
    { title: 'STATE', text: (run) => run.state, style: (text, { state }) => output.tone(toneOf[state], text) },
    { title: 'PROGRESS', text: progress },
    { title: 'BEFORE', text: (run) => score(run.bleuBefore), align: 'right' },
    { title: 'AFTER', text: (run) => score(run.bleuAfter), align: 'right' },
    {
      title: 'GAIN',
      text: (run) => difference(run.bleuDelta),
      align: 'right',
      style: (text, { bleuDelta }) => (bleuDelta === null ? text : output.tone(bleuDelta < 0 ? 'bad' : 'good', text)),
    },
    ...(hasSize ? [size] : []),
    { title: 'CREATED', text: (run) => timestamp(run.createdAt) },
  ];
}

const toneOf = {
  pending: 'dim',
  running: 'bold',
  completed: 'good',
  stopped: 'warning',
  failed: 'bad',
  interrupted: 'warning',
} as const satisfies Record<RunState, Tone>;

/** How far the steps are, and while the run goes on what it does and how long that will take. */
function progress({ state, step, totalSteps, phase, etaSeconds }: RunSummary): string {
  const steps = totalSteps === null ? MISSING : `${step}/${totalSteps} ${percent(step, totalSteps)}`;
  if (state !== 'running' || phase === null) return steps;
  const rest = etaSeconds === null ? '' : `, ${formatDuration(etaSeconds)} left`;
  return `${steps} ${phase}${rest}`;
}
