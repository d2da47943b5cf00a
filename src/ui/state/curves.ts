/** The curves of a run: which there are, what they are called, and which of them the plots show. */
import type { PlotPoint } from '../plot/plot-lines.ts';
import type { RunDetail } from './run-detail.ts';

export type CurveName = 'loss' | 'eval_loss' | 'eval_bleu' | 'learning_rate' | 'grad_norm' | 'samples_per_second';

export interface Curve {
  readonly title: string;
  /** Empty for a number without one. */
  readonly unit: string;
  /** Told of every step, and scattered: smoothing helps. */
  readonly isNoisy: boolean;
}

/** By the names that the store has for them, in the order in which the plots go through them. */
export const CURVES: Readonly<Record<CurveName, Curve>> = {
  loss: { title: 'Training loss', unit: 'nats/piece', isNoisy: true },
  eval_loss: { title: 'Validation loss', unit: 'nats/piece', isNoisy: false },
  eval_bleu: { title: 'Validation BLEU', unit: '', isNoisy: false },
  learning_rate: { title: 'Learning rate', unit: '', isNoisy: false },
  grad_norm: { title: 'Gradient norm', unit: '', isNoisy: true },
  samples_per_second: { title: 'Speed', unit: 'pairs/s', isNoisy: true },
};

const NAMES = Object.keys(CURVES) as CurveName[];

/** What the user wants plots to show, of whatever run. */
export interface PlotChoice {
  readonly curve: CurveName;
  readonly isSmoothed: boolean;
}

/** Gives the points of a curve; validation begins with the untouched model, at step 0. */
export function curvePoints({ series, evaluations }: RunDetail, name: CurveName): readonly PlotPoint[] {
  if (name !== 'eval_loss' && name !== 'eval_bleu') return series[name];
  const measured = evaluations.map(({ step, loss, bleu }): readonly [number, number | null] => {
    return [step, name === 'eval_loss' ? loss : (bleu?.score ?? null)];
  });
  // The last model is often evaluated twice: on the way, and as the one after training.
  const bySteps = [...new Map(measured)].sort(([a], [b]) => a - b);
  return bySteps.flatMap(([step, value]) => (value === null ? [] : [{ step, value }]));
}

/** Gives the curves of which one of the runs has a point, in their order. */
export function availableCurves(details: readonly RunDetail[]): readonly CurveName[] {
  return NAMES.filter((name) => details.some((detail) => curvePoints(detail, name).length > 0));
}

/** Gives the curve to show of these runs: the chosen one, or another where they have no point of it. */
export function shownCurve({ curve }: PlotChoice, details: readonly RunDetail[]): CurveName {
  const available = availableCurves(details);
  return available.includes(curve) ? curve : (available[0] ?? 'loss');
}

/** Gives the curve after the one shown, the first after the last. */
export function nextCurve(choice: PlotChoice, details: readonly RunDetail[]): CurveName {
  const available = availableCurves(details);
  const place = available.indexOf(shownCurve(choice, details));
  return available[(place + 1) % available.length] ?? 'loss';
}
