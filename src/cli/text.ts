/** Numbers and times as the commands print them; what the UI has too is taken from there. */

import type { EvaluationStage } from '../engine/run/protocol.ts';

/** What stands for a value that there is not. */
export const MISSING = '-';

/** A BLEU score with two decimals. */
export function score(value: number | null): string {
  return value === null ? MISSING : value.toFixed(2);
}

/** A signed difference: `+32.99`. */
export function difference(value: number | null, decimals = 2): string {
  if (value === null || !Number.isFinite(value)) return MISSING;
  const text = value.toFixed(decimals);
  if (Number(text) === 0) return (0).toFixed(decimals);
  return value > 0 ? `+${text}` : text;
}

/** The stage of an evaluation as people read it: one on the way need not fall on the end of an epoch. */
export function stageName(stage: EvaluationStage): string {
  return stage === 'epoch' ? 'eval' : stage;
}

/** A loss in nats with four decimals; null is how a store and JSON keep a number that is not finite. */
export function loss(value: number | null): string {
  return value === null ? 'not finite' : value.toFixed(4);
}

/** BLEU's brevity penalty, 0 to 1, with four decimals. */
export function brevityPenalty(value: number | null): string {
  return value === null ? MISSING : value.toFixed(4);
}

/** `12 %` of a whole; nothing is no per cent of nothing. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((100 * part) / whole)} %`;
}

/** `2026-02-03 14:05` in the local zone. */
export function timestamp(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `1 pair`, `2 pairs`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
