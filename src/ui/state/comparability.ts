/** Whether BLEU scores may be put side by side, and if not, why: the same answer on the screens and in the commands. */
import { isDeepStrictEqual } from 'node:util';
import type { BleuResult, Decoding } from '../../engine/run/protocol.ts';
import type { EvaluationRow } from '../../store/rows.ts';

/** A run as far as its score is concerned. */
export interface ScoredRun {
  /** What the reasons call it: its id, or its letter on the screen. */
  readonly label: string;
  /** Of all its sentence pairs; null where it is not known. */
  readonly dataHash: string | null;
  /** The flattened experiment: dotted path to text. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly evaluations: readonly EvaluationRow[];
}

/** Gives the evaluations of a run's untouched and fine-tuned model, of several the last made; null where there is none. */
export function beforeAndAfter(evaluations: readonly EvaluationRow[]): {
  readonly before: EvaluationRow | null;
  readonly after: EvaluationRow | null;
} {
  const lastOf = (wanted: EvaluationRow['stage']) => evaluations.findLast(({ stage }) => stage === wanted) ?? null;
  return { before: lastOf('before'), after: lastOf('after') };
}

/**
 * Gives the gain from one evaluation to another; null when one is missing or they were not made the same way, on as many
 * sentences.
 */
export function bleuDifference(before: EvaluationRow | null, after: EvaluationRow | null): number | null {
  if (!before?.bleu || !after?.bleu) return null;
  const isComparable =
    before.bleu.signature === after.bleu.signature &&
    before.sentences === after.sentences &&
    isDeepStrictEqual(before.decoding, after.decoding);
  return isComparable ? after.bleu.score - before.bleu.score : null;
}

/** Gives the reasons why BLEU does not tell which run is better; none when it does. Unscored runs have no say. */
export function incomparabilities(runs: readonly ScoredRun[]): string[] {
  const scores = runs.flatMap((run): Score[] => {
    const { before, after } = beforeAndAfter(run.evaluations);
    const evaluation = after ?? before;
    return evaluation?.bleu && evaluation.decoding
      ? [{ run, sentences: evaluation.sentences, bleu: evaluation.bleu, decoding: evaluation.decoding }]
      : [];
  });
  return CHECKS.flatMap(([reason, settingsOf]) => {
    const runSettings = scores.map((score) => ({ label: score.run.label, settings: settingsOf(score) }));
    const differences = differingSettings(runSettings);
    return differences.length === 0 ? [] : [`not comparable, ${reason}: ${differences.join('; ')}`];
  });
}

interface Score {
  readonly run: ScoredRun;
  readonly sentences: number;
  readonly bleu: BleuResult;
  readonly decoding: Decoding;
}

type Settings = Readonly<Record<string, string>>;

const CHECKS: readonly (readonly [reason: string, settingsOf: (score: Score) => Settings])[] = [
  ['other BLEU signatures', signatureParts],
  ['decoded or scored differently', decodingSettings],
  ['scored on other sentences', heldOutPart],
];

/** `tok:13a|smooth:exp` as names and values. */
function signatureParts({ bleu }: Score): Settings {
  const parts = bleu.signature.split('|').map((part) => part.split(':'));
  return Object.fromEntries(parts.map(([name = '', ...value]) => [name, value.join(':')]));
}

/** By the names that the experiment file has for them: numBeams is num_beams there. */
function decodingSettings({ decoding }: Score): Settings {
  const inFile = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(decoding).map(([name, value]) => [inFile(name), String(value)]));
}

/**
 * What decides which sentences are scored. Held out are the first pairs of a permutation of the corpus by split_seed,
 * so corpus, seed and count say all: train_size 0.9 and validation_size 0.1 hold out the same.
 */
function heldOutPart({ run: { dataHash, parameters }, sentences }: Score): Settings {
  const hasOwnCorpus = parameters['data.validation_corpus.format'] !== undefined;
  return {
    corpus: dataHash === null ? 'unknown' : dataHash.slice(0, 8),
    sentences: String(sentences),
    ...(hasOwnCorpus ? {} : { split_seed: parameters['data.split_seed'] ?? 'unknown' }),
  };
}

/** `num_beams 1 (A, B), 4 (C)` for each setting that is not the same for all. */
function differingSettings(runs: readonly { readonly label: string; readonly settings: Settings }[]): string[] {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  return names.flatMap((name) => {
    const labelsByValue = Map.groupBy(runs, ({ settings }) => settings[name] ?? 'none');
    if (labelsByValue.size < 2) return [];
    const values = [...labelsByValue].map(([value, of]) => `${value} (${of.map(({ label }) => label).join(', ')})`);
    return [`${name} ${values.join(', ')}`];
  });
}
