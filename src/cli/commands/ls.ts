/** `bleubird ls`: all runs, the newest first. */
import type { Command } from 'commander';
import { withPauses } from '../../runner/paused-runs.ts';
import type { RunState, RunSummary } from '../../store/rows.ts';
import { formatDuration } from '../../ui/text/format.ts';
import { positiveNumber } from '../arguments.ts';
import type { Output, Tone } from '../output.ts';
import { storeDirectory, storeOption, withRuns } from '../store-option.ts';
import { type Column, formatTable } from '../table.ts';
import { difference, MISSING, percent, score, timestamp } from '../text.ts';
import type { World } from '../world.ts';

interface LsOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly limit?: number;
}

export function addLsCommand(program: Command, world: World): void {
  program
    .command('ls')
    .summary('list the runs')
    .description('Lists the runs, the newest first, with state, progress and BLEU before and after.')
    .option('-n, --limit <count>', 'only the newest so many', positiveNumber)
    .option('--json', 'one JSON object a run, one a line')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird ls -n 10')
    .action((_options: unknown, command: Command) => listRuns(command.optsWithGlobals<LsOptions>(), world));
}

function listRuns(options: LsOptions, world: World): Promise<void> {
  return withRuns(world, options.store, (store) => {
    const { output } = world;
    const runs = withPauses(store.listRuns().slice(0, options.limit), store.directory, world.now());
    if (options.json) {
      for (const run of runs) output.json(run);
    } else if (runs.length === 0) {
      output.note(`There are no runs in ${storeDirectory(world, options.store)} yet.`);
      output.note('hint: `bleubird run experiments/quickstart.yaml` makes one.');
    } else {
      const [titles = '', ...lines] = formatTable(runs, columns(output), output.columns);
      output.line(output.tone('bold', titles));
      for (const line of lines) output.line(line);
    }
  });
}

function columns(output: Output): Column<RunSummary>[] {
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
