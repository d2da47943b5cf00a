/**
 * Where two runs differ: n-gram precisions, BLEU by the length of the reference, F1 of words by how frequent they are. Text
 * only; the sentences are those both runs have translated after their training.
 */
import { BLEU, bucketLabel, compareByFrequency, compareByLength, ngramPrecisions } from 'sacrebleu-ts';
import type { TranslationRow } from '../store/rows.ts';
import { sharedSentences } from '../ui/state/shared-sentences.ts';
import { type Column, formatTable } from './table.ts';
import { difference, MISSING, score } from './text.ts';

interface ComparedRun {
  readonly id: string;
  readonly translations: readonly TranslationRow[];
}

interface ComparedBucket {
  readonly label: string;
  readonly size: number;
  readonly first: number | null;
  readonly second: number | null;
}

/** The lines of three tables with an empty one between; none where the runs share no translated sentence. */
export function describeBuckets(first: ComparedRun, second: ComparedRun): string[] {
  const shared = sharedSentences([first.translations, second.translations]);
  if (shared.length === 0) return [];
  const references = shared.map(({ reference }) => reference);
  const [baseline = [], system = []] = [0, 1].map((place) => shared.map(({ byRun }) => byRun[place]?.after ?? ''));
  const bleu = new BLEU();
  const rows = bleu.corpusStatistics(baseline, [references]);
  const otherRows = bleu.corpusStatistics(system, [references]);
  const orders = ngramPrecisions(rows, otherRows).map(({ order, baseline: before, system: after }) => {
    return { label: String(order), size: after.total, first: before.precision, second: after.precision };
  });
  // Of a row of BLEU's, the second number is the reference's length in words.
  const lengths = rows.map(([, length = 0]) => length);
  const byLength = compareByLength(bleu, rows, otherRows, { lengths }).map((bucket) => {
    return { label: bucketLabel(bucket), size: bucket.segments, first: bucket.baseline, second: bucket.system };
  });
  const byFrequency = compareByFrequency({ baseline, system, references }).map((bucket) => {
    const { referenceWords, baseline: before, system: after } = bucket;
    return { label: bucketLabel(bucket), size: referenceWords, first: before.f1, second: after.f1 };
  });
  const table = (title: string, sizeTitle: string, buckets: readonly ComparedBucket[]): string[] =>
    formatTable(
      buckets.filter(({ size }) => size > 0),
      [{ title, text: ({ label }) => label }, ...columns(sizeTitle, first.id, second.id)],
      null,
    );
  return [
    ...table('N-GRAM PRECISION', 'N-GRAMS', orders),
    '',
    ...table('BLEU BY WORDS OF THE REFERENCE', 'SENTENCES', byLength),
    '',
    ...table('F1 OF WORDS BY OCCURRENCES IN THE REFERENCES', 'WORDS', byFrequency),
  ];
}

function columns(sizeTitle: string, firstId: string, secondId: string): Column<ComparedBucket>[] {
  return [
    { title: sizeTitle, text: ({ size }) => size.toLocaleString('en-US'), align: 'right' },
    { title: firstId, text: ({ first }) => score(first), align: 'right' },
    { title: secondId, text: ({ second }) => score(second), align: 'right' },
    {
      title: 'TO FIRST',
      text: ({ first, second }) => (first === null || second === null ? MISSING : difference(second - first)),
      align: 'right',
    },
  ];
}
