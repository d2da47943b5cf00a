/** The sentences of one run as its Samples tab lists them: scored, filtered, in the order of the corpus or of what changed. */
import type { SampleRow, TranslationRow } from '../../store/rows.ts';
import { rememberLast } from './remember-last.ts';
import type { RunDetail } from './run-detail.ts';
import { sentenceBleu } from './sentence-bleu.ts';
import type { TextField } from './text-field.ts';

/** A sentence of one run, from its evaluations or, before there are any, from what it translated on the way. */
export interface RunSentenceRow {
  readonly index: number;
  /** Of the model that made the newer translation, null for the one after training. */
  readonly step: number | null;
  readonly source: string;
  readonly reference: string;
  /** Labels and texts of the translations: of the untouched model where it is known, of the tuned one. */
  readonly hypotheses: readonly { readonly label: string; readonly text: string | null }[];
}

/** What a user wants to see of the sentences. */
export interface SentenceList {
  readonly isByDifference: boolean;
  readonly isReversed: boolean;
  readonly filter: TextField;
  /** The filter is being typed. */
  readonly isFiltering: boolean;
}

export const ALL_SENTENCES: SentenceList = {
  isByDifference: false,
  isReversed: false,
  filter: { text: '', cursor: 0 },
  isFiltering: false,
};

export interface SentenceScores {
  /** Sentence BLEU of each hypothesis, 0 to 100; null where there is none. */
  readonly bleu: readonly (number | null)[];
  /** From the untouched to the tuned model; null where one has not translated it. */
  readonly difference: number | null;
}

/** Sentences of the Samples tab: the validation set once the tuned model has translated it, until then samples. */
export function sentencesOf(detail: RunDetail, list: SentenceList = ALL_SENTENCES): readonly RunSentenceRow[] {
  const rows = rowsOf(detail.translations, detail.samples);
  const { filter, isByDifference, isReversed } = list;
  const isAll = filter.text === '' && !isByDifference && !isReversed;
  return isAll ? rows : filterAndSort(rows, filter.text, isByDifference, isReversed);
}

/** Gives the scores of a sentence, computed when first asked for: a validation set can hold tens of thousands. */
export function sentenceScores(row: RunSentenceRow): SentenceScores {
  const known = scoresOf.get(row);
  if (known !== undefined) return known;
  const bleu = row.hypotheses.map(({ text }) => (text === null ? null : bleuOf(text, row.reference)));
  const [before = null, after = null] = bleu;
  const scores = { bleu, difference: before === null || after === null ? null : after - before };
  scoresOf.set(row, scores);
  return scores;
}

const bleuOf = sentenceBleu();
const scoresOf = new WeakMap<RunSentenceRow, SentenceScores>();

const rowsOf = rememberLast(
  (translations: readonly TranslationRow[], samples: readonly SampleRow[]): readonly RunSentenceRow[] => {
    const isTranslatedAfter = translations.some(({ after }) => after !== null);
    if (isTranslatedAfter || samples.length === 0) return translations.map(fromTranslation);
    const untouched = new Map(translations.map(({ index, before }) => [index, before]));
    return samples.map((sample) => fromSample(sample, untouched.get(sample.index)));
  },
);

const filterAndSort = rememberLast(
  (rows: readonly RunSentenceRow[], filter: string, isByDifference: boolean, isReversed: boolean) => {
    const words = filter
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const matching = rows.filter(({ source, reference, hypotheses }) => {
      const text = [source, reference, ...hypotheses.map(({ text }) => text ?? '')].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    });
    if (!isByDifference) return isReversed ? matching.toReversed() : matching;
    // Without a difference a sentence belongs at the end of either order.
    const differenceOf = (row: RunSentenceRow) => sentenceScores(row).difference ?? Number.NEGATIVE_INFINITY;
    const [known, unknown] = [true, false].map((isKnown) =>
      matching.filter((row) => (sentenceScores(row).difference !== null) === isKnown),
    );
    const sorted = (known ?? []).sort((a, b) => (isReversed ? -1 : 1) * (differenceOf(b) - differenceOf(a)));
    return [...sorted, ...(unknown ?? [])];
  },
);

function fromTranslation({ index, source, reference, before, after }: TranslationRow): RunSentenceRow {
  const hypotheses = [
    { label: 'before', text: before },
    { label: 'after', text: after },
  ];
  return { index, step: null, source, reference, hypotheses };
}

function fromSample({ step, index, source, reference, hypothesis }: SampleRow, before?: string | null): RunSentenceRow {
  const hypotheses = [
    { label: 'before', text: before ?? null },
    { label: `step ${step}`, text: hypothesis },
  ];
  return { index, step, source, reference, hypotheses };
}
