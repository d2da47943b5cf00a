/** `bleubird run FILE`: fine-tunes a model as an experiment file says. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Experiment } from '../../engine/config/experiment.ts';
import { gather } from '../arguments.ts';
import { describeFields } from '../describe-fields.ts';
import { findExperimentFile } from '../experiment-file.ts';
import { binPath } from '../own-files.ts';
import { errorAsJson } from '../report-error.ts';
import { startScreens } from '../start-screens.ts';
import { storeDirectory, storeOption, withRuns } from '../store-option.ts';
import { isInteractive, type World } from '../world.ts';

interface RunOptions {
  readonly ui: boolean;
  readonly json?: boolean;
  readonly set?: readonly string[];
  readonly device?: string;
  readonly detach?: boolean;
  readonly store?: string;
  readonly runId?: string;
  readonly resumeFrom?: string;
  readonly helpFields?: boolean;
}

export function addRunCommand(program: Command, world: World): void {
  program
    .command('run')
    .argument('[file]', 'experiment file in YAML, or the name of one that comes along, such as quickstart')
    .summary('fine-tune a model as an experiment file says')
    .description(
      'Fine-tunes a model as an experiment file says, and scores it before and after.\n' +
        'In a terminal the run is started in the background and the UI shows it live; closing the UI leaves it going.\n' +
        'With --no-ui, without a terminal or in CI it runs here, one line for each thing that happens.',
    )
    .option('--no-ui', 'run here, without the UI; Ctrl-C stops after the step, saved; twice ends at once')
    .option('--json', 'run here, one JSON object a line on stdout and nothing else')
    .option(
      '-s, --set <path=value>',
      'change a field of the file, e.g. training.learning_rate=3e-5 (repeatable)',
      gather,
    )
    .option('--device <name>', 'auto, native, wasm, cpu or cuda (the same as --set device=…)')
    .option('--detach', 'start it in the background, print its id and return')
    .option('--resume-from <folder>', 'go on from a checkpoint, or from the newest in the folder of a run')
    .option('--help-fields', 'print every field of an experiment file with its range and default')
    .addOption(storeOption())
    .addOption(new Option('--run-id <id>', 'id for the run').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  bleubird run quickstart\n' +
        '  bleubird run my.yaml --no-ui -s training.seed=1 -s training.learning_rate=3e-5',
    )
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      if (options.helpFields) return describeFields(world.output);
      if (file === undefined) command.error("error: missing required argument 'file'");
      await run(file, options, world).catch((error: unknown) => {
        if (options.json) world.output.json(errorAsJson(error));
        throw error;
      });
    });
}

async function run(file: string, options: RunOptions, world: World): Promise<void> {
  const { readExperiment } = await import('../../engine/config/read-experiment.ts');
  const experiment = await readExperiment(findExperimentFile(file, world), {
    overrides: options.set,
    overrideDirectory: world.cwd,
    device: options.device,
  });
  if (options.detach) {
    const started = await startDetached(experiment, options, world);
    if (options.json) world.output.json({ type: 'started', run: started.runId, pid: started.pid });
    else world.output.line(started.runId);
  } else if (options.ui && !options.json && isInteractive(world)) {
    const { runId } = await startDetached(experiment, options, world);
    await startScreens(world, options.store, runId);
  } else {
    const { runHeadless } = await import('../headless/run-headless.ts');
    await runHeadless(experiment, options, world);
  }
}

async function startDetached(experiment: Experiment, options: RunOptions, world: World) {
  const { startDetachedRunner } = await import('../../runner/start-detached-runner.ts');
  const { lookUpModel } = await import('../../runner/obtain-model.ts');
  const { assertCanBegin } = await import('../../runner/assert-can-begin.ts');
  // Looked up here too, so that what is missing is told in its own words.
  await assertCanBegin(experiment);
  const onWarning = () => {}; // the run itself warns
  await withRuns(world, options.store, (store) => lookUpModel(experiment.model, { store, env: world.env, onWarning }));
  const directory = storeDirectory(world, options.store);
  const resumeFrom = options.resumeFrom === undefined ? null : resolve(world.cwd, options.resumeFrom);
  return startDetachedRunner({ experiment, storeDirectory: directory, binPath, env: world.env, resumeFrom });
}
