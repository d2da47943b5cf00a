/** The history of a training in the entries and roundings of transformers' Trainer, for trainer_state.json. */
import type { TrainingConfig } from '../config/experiment.ts';
import type { Measured } from './best-model.ts';
import type { StepReport } from './training-loop.ts';
import { isDue } from './training-plan.ts';

/** One entry of the history: the metrics of a logged step or of an evaluation. */
export interface LogEntry {
  readonly step: number;
  readonly epoch: number;
  readonly [metric: string]: number;
}

/** What a log consists of; a training that is resumed goes on with it. */
export interface TrainingLogState {
  readonly history: readonly LogEntry[];
  /** Of the losses since the last entry of a step, and how many they are. */
  readonly lossSum: number;
  readonly stepsInSum: number;
  /** Of the losses in those entries. */
  readonly loggedLossSum: number;
}

type LogConfig = Pick<TrainingConfig, 'logging_strategy' | 'logging_first_step' | 'logging_steps' | 'compatibility'>;
type LoggedStep = Pick<StepReport, 'step' | 'epoch' | 'learningRate' | 'nextLearningRate' | 'gradientNorm'>;

export class TrainingLog {
  readonly #config: LogConfig;
  readonly #history: LogEntry[];
  #lossSum: number;
  #stepsInSum: number;
  #loggedLossSum: number;

  constructor(config: LogConfig, state?: TrainingLogState) {
    this.#config = config;
    this.#history = [...(state?.history ?? [])];
    this.#lossSum = state?.lossSum ?? 0;
    this.#stepsInSum = state?.stepsInSum ?? 0;
    this.#loggedLossSum = state?.loggedLossSum ?? 0;
  }

  get state(): TrainingLogState {
    return {
      history: [...this.#history],
      lossSum: this.#lossSum,
      stepsInSum: this.#stepsInSum,
      loggedLossSum: this.#loggedLossSum,
    };
  }

  /** Takes a step in, and makes an entry where one is due. @returns whether it did */
  addStep(report: StepReport): boolean {
    this.#lossSum += report.loss;
    this.#stepsInSum += 1;
    if (!this.#isDue(report)) return false;
    this.#addEntry(report);
    return true;
  }

  /** The training ends with this step, before its plan does: what an epoch's end would log is logged now. */
  endEarly(report: LoggedStep): void {
    if (this.#config.logging_strategy === 'epoch' && this.#stepsInSum > 0) this.#addEntry(report);
  }

  addEvaluation(
    { step, epoch }: Pick<StepReport, 'step' | 'epoch'>,
    evaluation: Measured & { readonly sentences: number; readonly durationSeconds: number },
    batchSize: number,
  ): void {
    const { loss, bleu, sentences, durationSeconds } = evaluation;
    this.#history.push({
      eval_loss: loss,
      ...(bleu === null ? {} : { eval_bleu: bleu }),
      ...speed('eval', durationSeconds, sentences, Math.ceil(sentences / batchSize)),
      epoch,
      step,
    });
  }

  /** Makes the entry of the end. `samples` and `steps` are those of the time `seconds`, of this process alone. */
  addEnd(
    { step, epoch }: Pick<StepReport, 'step' | 'epoch'>,
    { seconds, samples, steps }: { readonly seconds: number; readonly samples: number; readonly steps: number },
  ): void {
    this.#history.push({
      ...speed('train', seconds, samples, steps),
      total_flos: 0,
      train_loss: (this.#loggedLossSum + this.#lossSum) / Math.max(step, 1),
      epoch,
      step,
    });
  }

  #isDue(report: StepReport): boolean {
    const { logging_strategy, logging_first_step, logging_steps } = this.#config;
    if (report.step === 1 && logging_first_step) return true;
    return isDue(logging_strategy, logging_steps, report);
  }

  #addEntry({ step, epoch, learningRate, nextLearningRate, gradientNorm }: LoggedStep): void {
    const loss = this.#lossSum / this.#stepsInSum;
    const isNewer = this.#config.compatibility === 'transformers-5';
    this.#history.push({
      loss: isNewer ? loss : roundHalfEven(loss, 4),
      grad_norm: gradientNorm,
      learning_rate: isNewer ? learningRate : nextLearningRate,
      epoch,
      step,
    });
    this.#loggedLossSum += this.#lossSum;
    this.#lossSum = 0;
    this.#stepsInSum = 0;
  }
}

/** transformers' speed_metrics; no rates where no time has passed. */
function speed(split: string, seconds: number, samples: number, steps: number): Record<string, number> {
  const runtime = { [`${split}_runtime`]: roundHalfEven(seconds, 4) };
  if (seconds === 0) return runtime;
  return {
    ...runtime,
    [`${split}_samples_per_second`]: roundHalfEven(samples / seconds, 3),
    [`${split}_steps_per_second`]: roundHalfEven(steps / seconds, 3),
  };
}

/** Python's round: to the nearest decimal, of two equally near ones to the even. `toFixed` takes the larger of those. */
export function roundHalfEven(value: number, digits: number): number {
  const [whole = '', decimals = ''] = Math.abs(value).toFixed(30).split('.');
  const isTie = /^50*$/.test(decimals.slice(digits));
  if (!isTie) return Number(value.toFixed(digits));
  const cut = Number(`${whole}.${decimals.slice(0, digits)}`);
  const isEven = Number((whole + decimals.slice(0, digits)).at(-1)) % 2 === 0;
  return Math.sign(value) * (isEven ? cut : Number((cut + 10 ** -digits).toFixed(digits)));
}
