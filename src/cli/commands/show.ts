/** `bleubird show RUN`: all that is known of a run. */
import { type Command, Option } from 'commander';
import type { Experiment } from '../../engine/config/experiment.ts';
import { formatExperiment } from '../../engine/config/format-experiment.ts';
import { withTrueStates } from '../../runner/true-states.ts';
import type { RunRecord } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import { beforeAndAfter } from '../../ui/state/comparability.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { formatBytes, formatDuration } from '../../ui/text/format.ts';
import { beforeAfterLines } from '../before-after.ts';
import { environmentLines } from '../environment-lines.ts';
import { type Output, visibleLines } from '../output.ts';
import { storeOption, withRuns } from '../store-option.ts';
import { counted, loss, percent, stageName, timestamp } from '../text.ts';
import type { World } from '../world.ts';

interface ShowOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly config?: boolean;
}

const DIARY_LINES = 20;

export function addShowCommand(program: Command, world: World): void {
  program
    .command('show')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('show all that is known of a run')
    .description(
      'Shows a run: state and end, scores before and after, evaluations, checkpoints, configuration, environment.',
    )
    .addOption(new Option('--config', 'its experiment as a file, and nothing else').conflicts('json'))
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExamples:\n  bleubird show last\n  bleubird show last --config > again.yaml')
    .action((run: string, _options: unknown, command: Command) =>
      show(run, command.optsWithGlobals<ShowOptions>(), world),
    );
}

function show(typed: string, options: ShowOptions, world: World): Promise<void> {
  return withRuns(world, options.store, (store) => {
    const found = store.findRun(typed);
    if (options.config) return world.output.line(experimentText(found).trimEnd());
    const [run = found] = withTrueStates([found], store, world.now());
    if (options.json) {
      world.output.json({
        ...run,
        parameters: store.parameters(run.id),
        evaluations: store.evaluations(run.id),
        beforeAfter: store.beforeAfter(run.id),
        checkpoints: store.checkpoints(run.id),
        lineProblems: store.lineProblems(run.id),
        events: store.events(run.id, 1_000),
      });
    } else {
      describe(run, store, world.output);
    }
  });
}

function describe(run: RunRecord, store: Store, output: Output): void {
  describeState(run, output);
  const evaluations = store.evaluations(run.id);
  const { before, after } = beforeAndAfter(evaluations);
  section('Before and after', beforeAfterLines(before, after, output), output);
  section(
    'Evaluations',
    evaluations.map(
      ({ stage, step, epoch, bleu, loss: value, sentences }) =>
        `${stageName(stage).padEnd(6)}  step ${step}, epoch ${epoch.toFixed(2)}: ` +
        `${bleu === null ? '' : `BLEU ${bleu.score.toFixed(2)}, `}` +
        `loss ${loss(value)}, ${counted(sentences, 'sentence')}`,
    ),
    output,
  );
  section(
    'Checkpoints',
    store
      .checkpoints(run.id)
      .map(({ step, path, sizeBytes, removedAt }) =>
        removedAt === null ? `step ${step}  ${formatBytes(sizeBytes)}  ${path}` : `step ${step}  removed`,
      ),
    output,
  );
  section('Configuration', experimentText(run).trimEnd().split('\n'), output);
  section('Environment', environmentLines(run), output);
  section(
    'Diary',
    store.events(run.id, DIARY_LINES).map(({ time, type, text }) => `${timestamp(time)}  ${type}: ${text}`),
    output,
  );
}

/** As it was read: what is printed can be pasted into a file. */
function experimentText(run: RunRecord): string {
  return formatExperiment(run.experiment as Experiment);
}

function describeState(run: RunRecord, output: Output): void {
  const { id, name, state, totalSteps, step, createdAt, startedAt, endedAt, earlierMs } = run;
  output.line(output.tone('bold', `${id}  ${visibleText(name)}  ${state}`));
  const seconds = startedAt === null || endedAt === null ? null : (earlierMs + endedAt - startedAt) / 1000;
  const duration = seconds === null ? '' : `, took ${formatDuration(seconds)}`;
  output.line(`created   ${timestamp(createdAt)}${duration}`);
  const phase = state === 'running' && run.phase !== null ? `, ${run.phase.replaceAll('-', ' ')}` : '';
  const share = totalSteps === null ? '' : ` (${percent(step, totalSteps)})`;
  output.line(`progress  step ${step} of ${totalSteps ?? '?'}${share}${phase}`);
  output.line(`folder    ${visibleText(run.directory)}`);
  if (run.resumedFrom !== null) {
    const parent = run.parentRun === null ? '' : `, of run ${run.parentRun}`;
    output.line(`began     from ${visibleText(run.resumedFrom)}${visibleText(parent)}`);
  }
  if (run.endReason !== null) output.line(`end       ${indented(run.endReason)}`);
  if (run.endHint !== null) output.line(`          ${indented(run.endHint)}`);
  if (run.exitCode !== null) output.line(`exit      ${run.exitCode}`);
  if (run.signal !== null) output.line(`signal    ${run.signal}`);
  if (run.stderrTail) output.line(`stderr    ${indented(run.stderrTail.trimEnd())}`);
}

function section(title: string, lines: readonly string[], output: Output): void {
  if (lines.length === 0) return;
  output.line();
  output.line(output.tone('bold', title));
  // The before/after table brings its own colours, which are ours; all else may come from a file.
  for (const line of lines) output.line(`  ${title === 'Before and after' ? line : visibleText(line)}`);
}

function indented(text: string): string {
  return visibleLines(text).replaceAll('\n', '\n          ');
}
