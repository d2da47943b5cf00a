import type { BleuFormula } from '../bleu-score.ts';
import type { ChrfFormula } from '../chrf-score.ts';

/** What of a metric makes scores of sums, as plain values: enough to do it in another thread. */
export type Scoring =
  | ({ readonly type: 'bleu'; readonly maxNgramOrder: number } & BleuFormula)
  | ({ readonly type: 'chrf' } & ChrfFormula)
  | { readonly type: 'ter' };
