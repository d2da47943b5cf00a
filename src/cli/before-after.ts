/** The table of a run's two models side by side. */
import type { EvaluationRow } from '../store/rows.ts';
import { formatDuration } from '../ui/text/format.ts';
import type { Output } from './output.ts';
import { formatTable } from './table.ts';
import { brevityPenalty, counted, difference, loss, MISSING, score } from './text.ts';

interface TableRow {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly change: string;
  /** Whether the change is for the better; null where that cannot be said. */
  readonly isBetter: boolean | null;
}

/** Gives the lines: scores, losses, times, and what the scores rest on; none while nothing has been evaluated. */
export function beforeAfterLines(before: EvaluationRow | null, after: EvaluationRow | null, output: Output): string[] {
  const settings = after ?? before;
  if (settings === null) return [];
  const signature = (settings.bleu ?? before?.bleu)?.signature;
  const hasScore = signature !== undefined;
  const rows: TableRow[] = [
    ...(hasScore ? [compare('BLEU', before?.bleu?.score, after?.bleu?.score, score, 2, true)] : []),
    compare('loss', before?.loss, after?.loss, loss, 4, false),
    compare('loss per piece', before?.lossPerToken, after?.lossPerToken, loss, 4, false),
    ...(hasScore
      ? [compare('brevity penalty', before?.bleu?.brevityPenalty, after?.bleu?.brevityPenalty, brevityPenalty, 4, null)]
      : []),
    {
      name: 'time',
      before: before === null ? MISSING : formatDuration(before.durationSeconds),
      after: after === null ? MISSING : formatDuration(after.durationSeconds),
      change: '',
      isBetter: null,
    },
  ];
  const [titles = '', ...lines] = formatTable(
    rows,
    [
      { title: '', text: (row) => row.name },
      { title: 'before', text: (row) => row.before, align: 'right' },
      { title: 'after', text: (row) => row.after, align: 'right' },
      {
        title: 'change',
        text: (row) => row.change,
        align: 'right',
        style: (text, { isBetter }) => (isBetter === null ? text : output.tone(isBetter ? 'good' : 'bad', text)),
      },
    ],
    null,
  );
  const basis = [describeDecoding(settings), ...(hasScore ? [`BLEU ${signature}`] : [])];
  return [output.tone('bold', titles), ...lines, ...basis];
}

/** Says what the outputs of an evaluation depend on. */
export function describeDecoding({ sentences, decoding }: Pick<EvaluationRow, 'sentences' | 'decoding'>): string {
  if (decoding === null) return `${counted(sentences, 'sentence')}, loss only`;
  const { numBeams, maxLength, lengthPenalty, earlyStopping, compatibility, references } = decoding;
  const search =
    numBeams === 1 ? 'greedy' : `${numBeams} beams, length penalty ${lengthPenalty}, early stopping ${earlyStopping}`;
  const followed = compatibility === undefined ? '' : ` as in ${compatibility}`;
  return `${counted(sentences, 'sentence')}, ${search}${followed}, at most ${maxLength} pieces, ${references} references`;
}

function compare(
  name: string,
  before: number | null | undefined,
  after: number | null | undefined,
  format: (value: number | null) => string,
  decimals: number,
  isHigherBetter: boolean | null,
): TableRow {
  const delta = typeof before === 'number' && typeof after === 'number' ? after - before : null;
  return {
    name,
    before: before === undefined ? MISSING : format(before),
    after: after === undefined ? MISSING : format(after),
    change: difference(delta, decimals),
    isBetter: delta === null || delta === 0 || isHigherBetter === null ? null : delta > 0 === isHigherBetter,
  };
}
