/** sacreBLEU's flags: name, short name, and what they take. */

export type FlagKind =
  /** Nothing. */
  | 'switch'
  | 'text'
  | 'integer'
  | 'number'
  /** One text or more; `optional-list` also none. */
  | 'list'
  | 'optional-list'
  /** Known to sacreBLEU; needs its test sets, which come from the network. */
  | 'unavailable';

export interface ScoreFlag {
  readonly names: readonly string[];
  readonly kind: FlagKind;
  readonly help: string;
  readonly choices?: readonly string[];
}

const unavailable = { kind: 'unavailable', help: '' } as const;

export const scoreFlags = {
  input: { names: ['--input', '-i'], kind: 'optional-list', help: "the systems' files; standard input without it" },
  numRefs: { names: ['--num-refs', '-nr'], kind: 'integer', help: 'tab-separated references on a line (1)' },
  encoding: { names: ['--encoding', '-e'], kind: 'text', help: 'encoding of the files (utf-8)' },
  metrics: {
    names: ['--metrics', '-m'],
    kind: 'list',
    help: 'bleu, chrf, ter, one or more (bleu)',
    choices: ['bleu', 'chrf', 'ter'],
  },
  sentenceLevel: { names: ['--sentence-level', '-sl'], kind: 'switch', help: 'a score for each sentence' },
  langpair: { names: ['--language-pair', '-l'], kind: 'text', help: 'source-target; the target chooses the tokenizer' },
  smoothMethod: {
    names: ['--smooth-method', '-s'],
    kind: 'text',
    help: 'smoothing of BLEU (exp)',
    choices: ['none', 'floor', 'add-k', 'exp'],
  },
  smoothValue: { names: ['--smooth-value', '-sv'], kind: 'number', help: 'for floor (0.1) and add-k (1)' },
  tokenize: { names: ['--tokenize', '-tok'], kind: 'text', help: 'tokenizer of BLEU (13a)' },
  spmModel: {
    names: ['--spm-model'],
    kind: 'text',
    help: "model file of the tokenizers flores101, flores200, spBLEU-1K; bleubird's own",
  },
  lowercase: { names: ['--lowercase', '-lc'], kind: 'switch', help: 'BLEU without regard to case' },
  force: { names: ['--force'], kind: 'switch', help: 'do not warn of tokenized input' },
  chrfCharOrder: { names: ['--chrf-char-order', '-cc'], kind: 'integer', help: 'order of character n-grams (6)' },
  chrfWordOrder: {
    names: ['--chrf-word-order', '-cw'],
    kind: 'integer',
    help: 'order of word n-grams (0); 2 is chrF++',
  },
  chrfBeta: { names: ['--chrf-beta'], kind: 'integer', help: 'weight of recall (2)' },
  chrfWhitespace: { names: ['--chrf-whitespace'], kind: 'switch', help: 'count white space' },
  chrfLowercase: { names: ['--chrf-lowercase'], kind: 'switch', help: 'chrF without regard to case' },
  chrfEpsSmoothing: { names: ['--chrf-eps-smoothing'], kind: 'switch', help: 'smooth as chrF++.py, NLTK and Moses' },
  terCaseSensitive: { names: ['--ter-case-sensitive'], kind: 'switch', help: 'TER with regard to case' },
  terAsianSupport: { names: ['--ter-asian-support'], kind: 'switch', help: 'split Asian characters' },
  terNoPunct: { names: ['--ter-no-punct'], kind: 'switch', help: 'remove punctuation' },
  terNormalized: { names: ['--ter-normalized'], kind: 'switch', help: 'normalize and tokenize' },
  confidence: { names: ['--confidence', '-ci'], kind: 'switch', help: 'bootstrap confidence interval of one system' },
  confidenceN: { names: ['--confidence-n', '-cin'], kind: 'integer', help: 'its samples (1000)' },
  pairedAr: {
    names: ['--paired-ar', '-par'],
    kind: 'switch',
    help: 'paired approximate randomization against the first system',
  },
  pairedBs: { names: ['--paired-bs', '-pbs'], kind: 'switch', help: 'paired bootstrap against the first system' },
  pairedArN: { names: ['--paired-ar-n', '-parn'], kind: 'integer', help: 'its trials (10000)' },
  pairedBsN: { names: ['--paired-bs-n', '-pbsn'], kind: 'integer', help: 'its samples (1000)' },
  pairedJobs: { names: ['--paired-jobs', '-j'], kind: 'integer', help: 'accepted; one process does it' },
  quiet: { names: ['--quiet', '-q'], kind: 'switch', help: 'no narration' },
  short: { names: ['--short', '-sh'], kind: 'switch', help: 'short signatures' },
  scoreOnly: { names: ['--score-only', '-b'], kind: 'switch', help: 'only the score' },
  width: { names: ['--width', '-w'], kind: 'integer', help: 'decimals (1)' },
  detail: { names: ['--detail', '-d'], kind: 'switch', help: 'scores by subset; there are none without test sets' },
  noColor: { names: ['--no-color', '-nc'], kind: 'switch', help: 'no colours' },
  format: {
    names: ['--format', '-f'],
    kind: 'text',
    help: 'json, text, latex (json)',
    choices: ['json', 'text', 'latex'],
  },
  profile: {
    names: ['--profile'],
    kind: 'text',
    help: "whose last digits: py312_np2, py312_np1, py311_np1 (py312_np2); bleubird's own",
  },
  version: { names: ['--version', '-V'], kind: 'switch', help: 'the sacreBLEU whose numbers these are' },
  help: { names: ['--help', '-h'], kind: 'switch', help: 'print this help' },
  testSet: { names: ['--test-set', '-t'], ...unavailable },
  origlang: { names: ['--origlang', '-ol'], ...unavailable },
  subset: { names: ['--subset'], ...unavailable },
  download: { names: ['--download'], ...unavailable },
  echo: { names: ['--echo'], ...unavailable },
  list: { names: ['--list'], ...unavailable },
  citation: { names: ['--citation', '--cite'], ...unavailable },
} as const satisfies Record<string, ScoreFlag>;

export type ScoreFlagName = keyof typeof scoreFlags;

/** The flags as the help shows them, one a line. */
export function describeScoreFlags(): string {
  const flags: readonly ScoreFlag[] = Object.values(scoreFlags);
  return flags
    .filter(({ kind }) => kind !== 'unavailable')
    .map(({ names, help }) => `  ${[...names].reverse().join(', ').padEnd(30)} ${help}`)
    .join('\n');
}
