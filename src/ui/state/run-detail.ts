/**
 * All the Live and Compare screens know of one run, read from the services in one go.
 * Parts that did not change keep their identity, so that nothing is drawn again for them.
 */
import { isDeepStrictEqual } from 'node:util';
import { fieldText } from '../../engine/config/check-values.ts';
import type {
  CheckpointRow,
  EvaluationRow,
  EventRow,
  MetricPoint,
  RunRecord,
  SampleRow,
  TranslationRow,
} from '../../store/rows.ts';
import type { UiServices } from '../services.ts';
import { isActive } from './runs-list.ts';

/** Numbers that a training tells of its steps. */
export type SeriesName = 'loss' | 'learning_rate' | 'grad_norm' | 'samples_per_second';

export interface RunDetail {
  readonly record: RunRecord;
  readonly parameters: Readonly<Record<string, string>>;
  readonly series: Readonly<Record<SeriesName, readonly MetricPoint[]>>;
  readonly evaluations: readonly EvaluationRow[];
  /** Empty unless asked for: a validation set can hold tens of thousands of sentences. */
  readonly translations: readonly TranslationRow[];
  readonly hasTranslations: boolean;
  /** The newest first. */
  readonly samples: readonly SampleRow[];
  readonly checkpoints: readonly CheckpointRow[];
  readonly events: readonly EventRow[];
}

const MAX_POINTS = 600;
const MAX_SAMPLES = 50;
const MAX_EVENTS = 500;

/**
 * Reads a run, null when the store does not have it.
 *
 * @param previous  what was read before; given back itself when nothing changed
 */
export function readRunDetail(
  services: UiServices,
  id: string,
  previous: RunDetail | null,
  wantsTranslations: boolean,
): RunDetail | null {
  const record = services.readRun(id);
  if (record === null) return null;
  const isSettled =
    previous !== null &&
    !isActive(record.state) &&
    (previous.hasTranslations || !wantsTranslations) &&
    isDeepStrictEqual(record, previous.record);
  if (isSettled) return previous;

  const evaluations = services.evaluations(id);
  const hasNewEvaluation = evaluations.length !== previous?.evaluations.length;
  const keepsTranslations = previous?.hasTranslations === true && !hasNewEvaluation;
  const readsTranslations = !keepsTranslations && (wantsTranslations || previous?.hasTranslations === true);
  const seriesOf = (name: SeriesName) => services.metricSeries(id, name, MAX_POINTS);
  const series = {
    loss: seriesOf('loss'),
    learning_rate: seriesOf('learning_rate'),
    grad_norm: seriesOf('grad_norm'),
    samples_per_second: seriesOf('samples_per_second'),
  };
  const next: RunDetail = {
    record,
    parameters: previous?.parameters ?? readSettings(services, id),
    series: previous === null ? series : sharingWith(previous.series, series),
    evaluations,
    translations: readsTranslations ? services.translations(id) : (previous?.translations ?? []),
    hasTranslations: wantsTranslations || (previous?.hasTranslations ?? false),
    samples: services.samples(id, MAX_SAMPLES).toReversed(),
    checkpoints: services.checkpoints(id),
    events: services.events(id, MAX_EVENTS),
  };
  return previous === null ? next : sharingWith(previous, next);
}

/** The settings of a run as texts of the form: a stored 0.00002 is written 2e-5 there. */
export function readSettings(services: UiServices, id: string): Readonly<Record<string, string>> {
  const isDecimal = (text: string) => /^-?\d+\.\d+$/.test(text);
  const entries = Object.entries(services.parameters(id));
  return Object.fromEntries(entries.map(([path, text]) => [path, isDecimal(text) ? fieldText(Number(text)) : text]));
}

function sharingWith<T extends object>(previous: T, next: T): T {
  const shared: Partial<T> = {};
  let isSame = true;
  for (const key of Object.keys(next) as (keyof T)[]) {
    const isEqual = isDeepStrictEqual(previous[key], next[key]);
    shared[key] = isEqual ? previous[key] : next[key];
    isSame &&= isEqual;
  }
  return isSame ? previous : { ...next, ...shared };
}
