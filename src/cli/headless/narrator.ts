/**
 * A run told line by line to somebody who reads a log: what matters, at a pace of the experiment's own logging_steps, of
 * every tenth of an evaluation, and where these are far apart, of how far it is now and then. It sees events as they come and keeps only what the next line needs.
 */
import type { Phase, TrainerEvent, TrainerEventOf } from '../../engine/run/protocol.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { formatBytes, formatDuration, formatNumber } from '../../ui/text/format.ts';
import { problemLines } from '../problem-lines.ts';
import { counted, loss, MISSING, stageName } from '../text.ts';

export interface Line {
  /** Where it belongs: `log` is what was asked for, `note` narration beside it. */
  readonly to: 'log' | 'note';
  readonly text: string;
}

const MAX_SHOWN_PROBLEMS = 5;

/** A training says at least so often that it goes on. */
const LONGEST_SILENCE_MS = 30_000;

export class Narrator {
  readonly #loggingSteps: number;
  readonly #now: () => number;
  #lastAt: number;
  #totalSteps: number | null = null;
  #losses: (number | null)[] = [];
  #etaSeconds: number | null = null;
  #tenths = 0;
  #isTraining = false;

  /**
   * @param loggingSteps  steps between two lines of training
   * @param now  a clock that is never set back, in milliseconds
   */
  constructor(loggingSteps: number, now: () => number) {
    this.#loggingSteps = loggingSteps;
    this.#now = now;
    this.#lastAt = now();
  }

  /** Gives the lines an event is worth, often none. */
  linesFor(event: TrainerEvent): readonly Line[] {
    const lines = this.#linesFor(event);
    if (lines.length > 0) this.#lastAt = this.#now();
    return lines;
  }

  #linesFor(event: TrainerEvent): readonly Line[] {
    switch (event.type) {
      case 'ready':
        return [note(`device: ${event.device}, ${event.description} (${event.why})`)];
      case 'data':
        return describeData(event);
      case 'plan':
        this.#totalSteps = event.totalSteps;
        return [
          log(
            'plan',
            `${counted(event.totalSteps, 'step')} in ${epochsText(event.epochs)}, ` +
              `${counted(event.parameters, 'parameter')}`,
          ),
        ];
      case 'phase':
        return this.#startPhase(event.phase);
      case 'progress':
        return this.#showProgress(event);
      case 'metrics':
        return this.#showSteps(event.points);
      case 'evaluation':
        return [
          log(
            stageName(event.stage),
            `${event.stage === 'epoch' ? `step ${event.step}: ` : ''}${event.bleu === null ? '' : `BLEU ${event.bleu.score.toFixed(2)}, `}loss ${loss(event.loss)}, ` +
              `${counted(event.sentences, 'sentence')} in ${formatDuration(event.durationSeconds)}`,
          ),
        ];
      case 'resumed':
        return [log('resumed', `after step ${event.step}, from ${event.checkpoint}`)];
      case 'checkpoint': {
        const best = event.isBest ? ', the best so far' : '';
        return [log('saved', `step ${event.step}${best}, ${formatBytes(event.sizeBytes)}: ${event.path}`)];
      }
      case 'checkpoint-removed':
        return [log('removed', `step ${event.step}: ${event.path}`)];
      case 'warning':
        return [note(`warning: ${event.message}`)];
      case 'sample':
      case 'translations':
      case 'ended':
      case 'failed':
        // Sentences are for `bleubird samples`; of its end the run's outcome tells.
        return [];
    }
    return event satisfies never;
  }

  #startPhase(phase: Phase): Line[] {
    this.#tenths = 0;
    const isResumed = phase === 'training' && this.#isTraining;
    this.#isTraining ||= phase === 'training';
    const words = isResumed ? undefined : wordsOfPhase[phase];
    return words === undefined ? [] : [log(...words)];
  }

  /** Evaluations are told of at each tenth; the steps of training have lines of their own, if not often. */
  #showProgress({ phase, done, total, etaSeconds }: TrainerEventOf<'progress'>): Line[] {
    if (phase === 'training') {
      this.#etaSeconds = etaSeconds;
      if (done === total || this.#now() - this.#lastAt < LONGEST_SILENCE_MS) return [];
      return [log('', progressText(`step ${done} of ${total}`, done, total, etaSeconds))];
    }
    const tenths = total === 0 ? 0 : Math.floor((10 * done) / total);
    if (tenths <= this.#tenths || tenths >= 10) return [];
    this.#tenths = tenths;
    return [log('', progressText(`${done} of ${total} sentences`, done, total, etaSeconds))];
  }

  #showSteps(points: TrainerEventOf<'metrics'>['points']): Line[] {
    const steps = new Map<number, Map<string, number | null>>();
    for (const { step, metric, value } of points) {
      const values = steps.get(step) ?? new Map<string, number | null>();
      steps.set(step, values.set(metric, value));
    }
    return [...steps].flatMap(([step, values]) => (values.has('loss') ? this.#showStep(step, values) : []));
  }

  /** `loss` is the mean since the last line, as Trainer logs it. */
  #showStep(step: number, values: ReadonlyMap<string, number | null>): Line[] {
    this.#losses.push(values.get('loss') ?? null);
    if (step % this.#loggingSteps !== 0 && step !== this.#totalSteps) return [];
    const mean = this.#losses.includes(null)
      ? null
      : this.#losses.reduce<number>((sum, value) => sum + (value ?? 0), 0) / this.#losses.length;
    this.#losses = [];
    const shown = (metric: string, digits: number) => {
      const value = values.get(metric) ?? null;
      return value === null ? MISSING : formatNumber(value, digits);
    };
    const rest =
      this.#etaSeconds === null || step === this.#totalSteps ? '' : `, ${formatDuration(this.#etaSeconds)} left`;
    return [
      log(
        'step',
        `${step}/${this.#totalSteps ?? '?'}, epoch ${(values.get('epoch') ?? 0).toFixed(2)}, loss ${loss(mean)}, ` +
          `lr ${shown('learning_rate', 3)}, grad norm ${shown('grad_norm', 3)}, ` +
          `${shown('samples_per_second', 3)} pairs/s${rest}`,
      ),
    ];
  }
}

const wordsOfPhase: Partial<Record<Phase, [string, string]>> = {
  'evaluating-before': ['before', 'evaluating the untouched model'],
  training: ['train', 'training'],
  evaluating: ['eval', 'evaluating the model as it stands'],
  'evaluating-after': ['after', 'evaluating the fine-tuned model'],
  'paused-for-disk-space': ['paused', 'the disk is full; the run goes on when there is room'],
};

function describeData(event: TrainerEventOf<'data'>): Line[] {
  const cut = event.truncatedSources + event.truncatedTargets;
  const lines = [
    log('data', `${counted(event.trainSize, 'pair')} to train on, ${counted(event.validationSize, 'pair')} held out`),
  ];
  if (cut > 0) {
    lines.push(
      note(`warning: cut to the longest length: ${event.truncatedSources} sources, ${event.truncatedTargets} targets`),
    );
  }
  const [title, ...rest] = problemLines(event, MAX_SHOWN_PROBLEMS);
  if (title !== undefined) lines.push(note(`warning: ${title}`), ...rest.map(note));
  return lines;
}

function progressText(what: string, done: number, total: number, etaSeconds: number | null): string {
  return `${Math.floor((100 * done) / total)} % (${what}), ${formatDuration(etaSeconds)} left`;
}

function log(label: string, text: string): Line {
  return { to: 'log', text: `${label.padEnd(8)}${visibleText(text)}` };
}

function note(text: string): Line {
  return { to: 'note', text };
}

function epochsText(epochs: number): string {
  if (epochs < 1) return `${Number((100 * epochs).toPrecision(2))} % of an epoch`;
  return counted(Math.round(epochs * 100) / 100, 'epoch');
}
