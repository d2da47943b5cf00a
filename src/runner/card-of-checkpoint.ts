/** The model card of a run's checkpoint, of what the store knows about the run. */
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Experiment } from '../engine/config/experiment.ts';
import { writeWhole } from '../engine/files/write-whole.ts';
import { type ModelCardFacts, modelCard } from '../engine/hub/model-card.ts';
import { listCheckpoints } from '../engine/training/checkpoint.ts';
import type { Store } from '../store/store.ts';
import { bestModelOf, storedTrainingOf } from './best-model-of.ts';
import { readHubId } from './resolve-model.ts';

export const CARD_FILE = 'README.md';

/** A card as a file that is pushed. */
export interface ModelCard {
  readonly name: typeof CARD_FILE;
  readonly content: { readonly text: string };
}

/**
 * Writes the cards of the models that a run ends with into their folders: the newest checkpoint, and the best one. They stand
 * in no SHA256SUMS: a checkpoint is as sound without its card, and with one that somebody has edited. A link in the place of
 * a checkpoint's folder gets none: the folder that it leads to may be anybody's.
 */
export async function writeCards(
  store: Pick<Store, 'findRun' | 'evaluations'>,
  runId: string,
  runDirectory: string,
): Promise<void> {
  const checkpoints = await listCheckpoints(join(runDirectory, 'checkpoints'));
  const newest = checkpoints.at(-1);
  const best = newest === undefined ? null : bestModelOf(newest.path);
  for (const { step, path } of checkpoints) {
    if (step !== newest?.step && step !== best?.step) continue;
    if ((await lstat(path)).isSymbolicLink()) continue;
    const { name, content } = await cardOfCheckpoint(store, { runId, hubId: null, step, directory: path });
    await writeWhole(join(path, name), (write) => write(Buffer.from(content.text)));
  }
}

/** Gives the card of the model of a checkpoint, for the repository `hubId`, or for its folder. */
export async function cardOfCheckpoint(
  store: Pick<Store, 'findRun' | 'evaluations'>,
  { runId, hubId, step, directory }: { runId: string; hubId: string | null; step: number; directory: string },
): Promise<ModelCard> {
  const run = store.findRun(runId);
  const experiment = run.experiment as Experiment;
  const facts: ModelCardFacts = {
    id: hubId,
    baseModel: hubModel(experiment.model),
    experiment,
    step,
    evaluations: store.evaluations(runId),
    losses: readLosses(directory),
    trainSize: run.trainSize,
    validationSize: run.validationSize,
    device: run.device,
    versions: run.versions,
  };
  return { name: CARD_FILE, content: { text: modelCard(facts) } };
}

/** The id of a `model:` that is one of the hub's; null for a folder and for another run. */
function hubModel(model: string): string | null {
  const isOurs = model.startsWith('run:') || existsSync(resolve(model));
  return isOurs || !model.includes('/') ? null : (readHubId(model)?.id ?? null);
}

/** The losses that the checkpoint's log tells of; none where it is none of ours. */
function readLosses(directory: string): { step: number; loss: number }[] {
  const history = storedTrainingOf(directory)?.state.log.history ?? [];
  return history.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss }]));
}
