/** `bleubird push`: the model of a run to the Hugging Face hub, with a model card. */
import { type Command, Option } from 'commander';
import type { PushOptions } from '../../engine/hub/push-files.ts';
import { ConfigError } from '../../errors.ts';
import type { CheckpointRow, RunRecord } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { storeOption, withRuns } from '../store-option.ts';
import { withDownload } from '../with-download.ts';
import type { World } from '../world.ts';

interface PushCommandOptions {
  readonly store?: string;
  readonly private?: boolean;
  readonly revision: string;
  readonly checkpoint?: string;
  readonly message?: string;
  readonly withState?: boolean;
  readonly json?: boolean;
}

export function addPushCommand(program: Command, world: World): void {
  program
    .command('push')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .argument('<repository>', 'owner/name on the hub, or a name of your own; made where it is not there')
    .summary('the model of a run to the Hugging Face hub')
    .description(
      'Pushes the model of a run to the Hugging Face hub as one commit, with a model card that tells its results, and\n' +
        'prints the address of the commit. Files that are there already are not sent again.\n' +
        'Needs a token that may write: HF_TOKEN, or the token file of "hf auth login". Heeds HF_ENDPOINT.',
    )
    .option('--private', 'make the repository private')
    .addOption(new Option('--revision <branch>', 'branch, made where it is not there').default('main'))
    .option('--checkpoint <step>', 'step of a checkpoint, "last" or "best" (default: what the run ended with)')
    .option('--message <text>', 'message of the commit')
    .option('--with-state', 'also what a training needs to go on: optimizer and trainer state')
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird push last me/opus-mt-en-fr-kde4')
    .action((run: string, id: string, _options: unknown, command: Command) =>
      push(run, id, command.optsWithGlobals<PushCommandOptions>(), world),
    );
}

async function push(typed: string, id: string, options: PushCommandOptions, world: World): Promise<void> {
  const [{ prepareRepository, pushFiles, requirePushable }, { checkpointFiles }, { cardOfCheckpoint }] =
    await Promise.all([
      import('../../engine/hub/push-files.ts'),
      import('../../runner/push-checkpoint.ts'),
      import('../../runner/card-of-checkpoint.ts'),
    ]);
  requirePushable(id, world.env, options.revision);
  await withRuns(world, options.store, async (store) => {
    const run = store.findRun(typed);
    const checkpoint = await chooseCheckpoint(store, run, options.checkpoint);
    const files = await checkpointFiles(checkpoint.path, { hasState: options.withState ?? false });
    const pushed = await withDownload(
      id,
      world,
      async (listeners) => {
        const where = { env: world.env, branch: options.revision, isPrivate: options.private ? true : null };
        const connection = { ...where, ...listeners } satisfies Partial<PushOptions>;
        const hubId = await prepareRepository({ ...connection, id });
        const { step, path: directory } = checkpoint;
        const card = await cardOfCheckpoint(store, { runId: run.id, hubId, step, directory });
        const message = options.message ?? `${run.name}, step ${step} of run ${run.id}`;
        return await pushFiles({ ...connection, id: hubId, files: [...files, card], message });
      },
      'pushing',
    );
    if (!pushed.isNew) world.output.note(`${pushed.id} has all of it already.`);
    if (options.json) world.output.json({ run: run.id, checkpoint, ...pushed });
    else world.output.line(visibleText(pushed.url));
  });
}

/** @throws {ConfigError} when there is none like that */
async function chooseCheckpoint(
  store: Store,
  run: RunRecord,
  asked: string | undefined,
): Promise<Pick<CheckpointRow, 'step' | 'path'>> {
  const { bestModelOf } = await import('../../runner/best-model-of.ts');
  const saved = store.checkpoints(run.id).filter(({ removedAt }) => removedAt === null);
  const newest = saved.at(-1);
  if (newest === undefined) {
    throw new ConfigError(`Run ${run.id} (${run.state}) has no checkpoint to push.`, [], {
      hint: 'With save_strategy "epoch" or "steps" a run saves on its way.',
    });
  }
  const best = bestModelOf(newest.path);
  const bestStep = best?.step ?? null;
  const wanted = asked ?? (best?.isWanted ? 'best' : 'last');
  const step = wanted === 'last' ? newest.step : wanted === 'best' ? bestStep : Number(wanted);
  const found = saved.find((one) => one.step === step);
  if (found !== undefined) return { step: found.step, path: found.path };
  const what = wanted === 'best' && bestStep === null ? 'kept track of no best model' : `has no checkpoint ${wanted}`;
  throw new ConfigError(`Run ${run.id} ${what}.`, [], {
    hint: `It has those of step ${saved.map((one) => one.step).join(', ')}.`,
  });
}
