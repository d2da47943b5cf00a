/** Pushes a checkpoint of a run to the hub, with a model card of what the store knows about the run. */

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Experiment } from '../engine/config/experiment.ts';
import { type ModelCardFacts, modelCard } from '../engine/hub/model-card.ts';
import type { PushFile } from '../engine/hub/push-file.ts';
import { CHECKSUM_FILE } from '../engine/training/checksums.ts';
import type { Store } from '../store/store.ts';
import { storedTrainingOf } from './best-model-of.ts';
import { readHubId } from './resolve-model.ts';

/** What a training goes on from, of no use to whoever translates. */
const STATE_FILES = ['optimizer.safetensors', 'trainer_state.json', CHECKSUM_FILE];
export const CARD_FILE = 'README.md';

/** Gives the files of a checkpoint's folder as they are pushed, below `folder` of the repository; without a card. */
export async function checkpointFiles(
  directory: string,
  { hasState, folder = '' }: { readonly hasState: boolean; readonly folder?: string },
): Promise<PushFile[]> {
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== CARD_FILE && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => hasState || !STATE_FILES.includes(name));
  return names.sort().map((name) => ({ name: `${folder}${name}`, content: { path: join(directory, name) } }));
}

/** Gives the card of the model of a checkpoint. */
export async function cardOfCheckpoint(
  store: Pick<Store, 'findRun' | 'evaluations'>,
  { runId, hubId, step, directory }: { runId: string; hubId: string; step: number; directory: string },
): Promise<PushFile> {
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
