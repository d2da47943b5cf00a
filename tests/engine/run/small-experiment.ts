/** A run of the demo model that takes seconds: a corpus of our own sentences, a few steps, the real trainer. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Experiment, TrainingConfig } from '../../../src/engine/config/experiment.ts';
import type { Envelope, TrainerEvent, TrainerEventOf } from '../../../src/engine/run/protocol.ts';
import { superviseTrainer, type Trainer, type TrainerEnd } from '../../../src/engine/run/supervisor.ts';

export const demoModel = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));

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
      model: demoModel,
      device: 'wasm',
      data: {
        corpus: { format: 'tsv', path: this.#corpus, source_column: 1, target_column: 2 },
        validation_corpus: null,
        source_lang: 'en',
        target_lang: 'fr',
        train_size: null,
        validation_size: 6,
        split_seed: 42,
        source_prefix: '',
        max_source_length: 64,
        max_target_length: 64,
        max_train_samples: null,
        max_eval_samples: null,
      },
      training: {
        learning_rate: 1e-3,
        per_device_train_batch_size: 6,
        per_device_eval_batch_size: 6,
        gradient_accumulation_steps: 1,
        num_train_epochs: 3,
        max_steps: 4,
        weight_decay: 0.01,
        adam_beta1: 0.9,
        adam_beta2: 0.999,
        adam_epsilon: 1e-8,
        max_grad_norm: 1,
        lr_scheduler_type: 'linear',
        warmup_steps: 0,
        warmup_ratio: 0,
        label_smoothing_factor: 0,
        dropout: null,
        group_by_length: false,
        logging_steps: 2,
        eval_strategy: 'no',
        eval_steps: 1,
        save_strategy: 'epoch',
        save_steps: 1,
        save_total_limit: null,
        seed: 42,
        ...training,
      },
      generation: { num_beams: 1, max_length: 64, length_penalty: null, early_stopping: null },
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
): Promise<WatchedRun> {
  const events: TrainerEvent[] = [];
  const trainer = superviseTrainer({
    experiment,
    runDirectory,
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
