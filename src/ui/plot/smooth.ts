/** Smoothing of a noisy curve, as experiment trackers do it. */
import type { PlotPoint } from './plot-lines.ts';

/** How much of the mean so far each new mean keeps. */
export const SMOOTHING_WEIGHT = 0.8;

/**
 * Gives the exponential moving average of the values, without the bias of a beginning at 0: the sum of weights so far divides
 * it, as in TensorBoard (and Kingma and Ba, 2015, section 3). Gaps stay and count for nothing.
 */
export function smooth(points: readonly PlotPoint[], weight = SMOOTHING_WEIGHT): PlotPoint[] {
  let sum = 0;
  let weights = 0;
  return points.map(({ step, value }) => {
    if (value === null || !Number.isFinite(value)) return { step, value: null };
    sum = weight * sum + (1 - weight) * value;
    weights = weight * weights + (1 - weight);
    return { step, value: sum / weights };
  });
}
