/** A run that takes seconds: a tiny model, a corpus of our own sentences, a few steps, the real trainer. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Experiment, TrainingConfig } from '../../../src/engine/config/experiment.ts';
import type { Envelope, ResumePoint, TrainerEvent, TrainerEventOf } from '../../../src/engine/run/protocol.ts';
import { superviseTrainer, type Trainer, type TrainerEnd } from '../../../src/engine/run/supervisor.ts';
import { dataConfig, trainingConfig } from '../../support/experiment.ts';
import { tinyModel } from '../../support/tiny-model.ts';

/** A folder for runs, with the corpus in it. */
export class RunFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'bleubird-run-'));
  readonly #corpus = join(this.path, 'corpus.tsv');
  #runs = 0;

  constructor() {
    const things: readonly [string, string][] = [
      ['file', 'fichier'],
      ['folder', 'dossier'],
      ['window', 'fenêtre'],
      ['picture', 'image'],
      ['message', 'message'],
      ['page', 'page'],
    ];
    const actions: readonly [string, string][] = [
      ['Open', 'Ouvrir'],
      ['Close', 'Fermer'],
      ['Rename', 'Renommer'],
      ['Print', 'Imprimer'],
    ];
    const lines = things.flatMap(([thing, chose]) =>
      actions.map(([action, verbe]) => `${action} the ${thing}\t${verbe} ceci : ${chose}`),
    );
    writeFileSync(this.#corpus, `${lines.join('\n')}\na line without a translation\n`);
  }

  newRun(): string {
    const directory = join(this.path, `run-${++this.#runs}`);
    mkdirSync(directory);
    return directory;
  }

  /** Four steps over 18 pairs, 6 held out, on wasm; greedy. */
  experiment(training: Partial<TrainingConfig> = {}, changes: Partial<Experiment> = {}): Experiment {
    return {
      name: 'small',
      description: '',
      model: tinyModel,
      device: 'wasm',
      from_scratch: false,
      precision: 'auto',
      threads: null,
      data: dataConfig({
        corpus: { format: 'tsv', path: this.#corpus, source_column: 1, target_column: 2 },
        validation_size: 6,
        max_source_length: 64,
        max_target_length: 64,
      }),
      training: trainingConfig({
        per_device_train_batch_size: 6,
        per_device_eval_batch_size: 6,
        num_train_epochs: 3,
        max_steps: 4,
        logging_steps: 2,
        save_strategy: 'epoch',
        ...training,
      }),
      generation: {
        num_beams: 1,
        max_length: 16,
        length_penalty: null,
        early_stopping: null,
        compatibility: 'transformers-4',
      },
      evaluation: { before: false, after: false, references: 'decoded' },
      ...changes,
    };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface WatchedRun {
  readonly trainer: Trainer;
  readonly events: TrainerEvent[];
  readonly end: TrainerEnd;
}

/** Runs an experiment to its end; `react` may command the trainer as events arrive. */
export async function watchRun(
  experiment: Experiment,
  runDirectory: string,
  react: (event: TrainerEvent, trainer: Trainer) => void = () => {},
  resume: ResumePoint | null = null,
): Promise<WatchedRun> {
  const events: TrainerEvent[] = [];
  const trainer = superviseTrainer({
    experiment,
    runDirectory,
    resume,
    onEvent: ({ event }: Envelope) => {
      events.push(event);
      react(event, trainer);
    },
  });
  return { trainer, events, end: await trainer.finished };
}

export function eventsOf<T extends TrainerEvent['type']>(
  events: readonly TrainerEvent[],
  type: T,
): TrainerEventOf<T>[] {
  return events.filter((event): event is TrainerEventOf<T> => event.type === type);
}

/** The values of one metric by step. */
export function metric(events: readonly TrainerEvent[], name: string): (number | null)[] {
  return eventsOf(events, 'metrics').flatMap(({ points }) =>
    points.filter((point) => point.metric === name).map(({ value }) => value),
  );
}
