/** `bleubird resume RUN`: goes on with a run from its newest checkpoint. */
import type { Command } from 'commander';
import { binPath } from '../own-files.ts';
import { errorAsJson } from '../report-error.ts';
import { startScreens } from '../start-screens.ts';
import { storeDirectory, storeOption, withRuns, withStore } from '../store-option.ts';
import { isInteractive, type World } from '../world.ts';

interface ResumeOptions {
  readonly ui: boolean;
  readonly json?: boolean;
  readonly detach?: boolean;
  readonly store?: string;
}

export function addResumeCommand(program: Command, world: World): void {
  program
    .command('resume')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('go on with a run from its newest checkpoint')
    .description(
      'Goes on with a run that was interrupted, stopped or failed: the same run, from its newest sound checkpoint, as if\n' +
        'it had never ended. What it had recorded beyond that checkpoint is made again.\n' +
        'With a checkpoint alone, copied from elsewhere: bleubird run FILE --resume-from FOLDER.',
    )
    .option('--no-ui', 'run here, without the UI; Ctrl-C stops after the step, saved; twice ends at once')
    .option('--json', 'run here, one JSON object a line on stdout and nothing else')
    .option('--detach', 'start it in the background, print its id and return')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird resume last')
    .action(async (run: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ResumeOptions>();
      await resume(run, options, world).catch((error: unknown) => {
        if (options.json) world.output.json(errorAsJson(error));
        throw error;
      });
    });
}

async function resume(typed: string, options: ResumeOptions, world: World): Promise<void> {
  const { id: run } = await withRuns(world, options.store, (store) => store.findRun(typed));
  if (options.detach) {
    const started = await resumeDetached(run, options, world);
    if (options.json) world.output.json({ type: 'started', run: started.runId, pid: started.pid });
    else world.output.line(started.runId);
  } else if (options.ui && !options.json && isInteractive(world)) {
    const { runId } = await resumeDetached(run, options, world);
    await startScreens(world, options.store, runId);
  } else {
    const { resumeHeadless } = await import('../headless/run-headless.ts');
    await resumeHeadless(run, options, world);
  }
}

async function resumeDetached(run: string, options: ResumeOptions, world: World) {
  const { resumeDetachedRunner } = await import('../../runner/start-detached-runner.ts');
  const { requireResumable } = await import('../../runner/resume-point.ts');
  // Looked at here too, so that a run which cannot be resumed is told in its own words.
  await withStore(world, options.store, (store) => requireResumable(store, run));
  const directory = storeDirectory(world, options.store);
  return resumeDetachedRunner({ runId: run, storeDirectory: directory, binPath, env: world.env });
}
