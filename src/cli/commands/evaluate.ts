/** `bleubird evaluate`: loss and BLEU of any model on two aligned files. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EvaluationConfig } from '../../engine/config/experiment.ts';
import { formatDuration } from '../../ui/text/format.ts';
import { positiveNumber } from '../arguments.ts';
import { describeDecoding } from '../before-after.ts';
import {
  compatibilityOption,
  deviceOption,
  type ModelOptions,
  modelOption,
  openModel,
  precisionOption,
  threadsOption,
} from '../open-model.ts';
import { storeOption } from '../store-option.ts';
import { counted, loss, score } from '../text.ts';
import type { World } from '../world.ts';

interface EvaluateOptions extends ModelOptions {
  readonly source: string;
  readonly reference: string;
  readonly batchSize: number;
  readonly limit?: number;
  readonly maxPieces: number;
  readonly prefix: string;
  readonly references: EvaluationConfig['references'];
  readonly json?: boolean;
}

export function addEvaluateCommand(program: Command, world: World): void {
  program
    .command('evaluate')
    .summary('loss and BLEU of a model on two aligned files')
    .description(
      'Translates a file with a model, and scores it against a reference: loss, and BLEU as sacreBLEU has it.',
    )
    .addOption(modelOption())
    .requiredOption('--source <file>', 'sentences to translate, one a line')
    .requiredOption('--reference <file>', 'their translations, line by line')
    .option('--beams <count>', "beams of the search, 1 for greedy (default: the model's own)", positiveNumber)
    .option('--max-length <pieces>', "longest translation (default: the model's own)", positiveNumber)
    .addOption(compatibilityOption())
    .option('--max-pieces <count>', 'sources and references are cut beyond this', atLeastTwo, 128)
    .option('--batch-size <count>', 'sentences scored together', positiveNumber, 32)
    .option('-n, --limit <count>', 'only the first so many sentences', positiveNumber)
    .option('--prefix <text>', 'put before each sentence, e.g. ">>fra<< "', '')
    .addOption(
      new Option(
        '--references <kind>',
        'whose BLEU --json names bleu; decoded: as the pieces spell them, as runs do; raw: the own text of the file',
      )
        .choices(['decoded', 'raw'])
        .default('decoded'),
    )
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(threadsOption())
    .option('--json', 'one JSON object, translations included')
    .addOption(storeOption())
    .addHelpText(
      'after',
      '\nExample:\n  bleubird evaluate --model run:last --source test.en --reference test.fr --beams 4',
    )
    .action((_options: unknown, command: Command) => evaluateModel(command.optsWithGlobals<EvaluateOptions>(), world));
}

async function evaluateModel(options: EvaluateOptions, world: World): Promise<void> {
  const { output } = world;
  const { readCorpus } = await import('../../engine/data/read-corpus.ts');
  const { evaluate, referenceTexts, scoreBleu } = await import('../../engine/evaluation/evaluate.ts');
  const corpus = await readCorpus(
    { format: 'moses', source: options.source, target: options.reference },
    { source_lang: 'source', target_lang: 'reference' },
    { env: world.env },
  );
  for (const { file, line, reason, detail } of corpus.problems.slice(0, 5)) {
    output.warn(`${file}:${line}: ${reason}, ${detail}`);
  }
  if (corpus.problems.length > 5) output.warn(`… and more lines with something wrong`);
  const { directory, model, tokenizer, settings } = await openModel(options, world);
  const { prefixProblem } = await import('../../engine/text/prefix-problem.ts');
  const unknown = prefixProblem(options.prefix, tokenizer);
  if (unknown !== null) output.warn(unknown);
  const pairs = corpus.pairs.slice(0, options.limit);
  const maxLength = Math.min(options.maxPieces, model.maxPositions);
  const encodings = pairs.map(({ source, target }) => ({
    source: tokenizer.encodeSource(options.prefix + source, { maxLength }),
    target: tokenizer.encodeTarget(target, { maxLength }),
  }));
  const cut = encodings.filter(({ source, target }) => source.isTruncated || target.isTruncated).length;
  if (cut > 0) output.warn(`${counted(cut, 'pair')} cut to ${maxLength} pieces`);
  const examples = encodings.map(({ source, target }) => ({ sourceIds: source.ids, targetIds: target.ids }));
  let tenths = 0;
  const result = await evaluate({
    model,
    tokenizer,
    settings,
    pairs,
    examples,
    references: options.references,
    batchSize: options.batchSize,
    onProgress: (done, total) => {
      const reached = Math.floor((10 * done) / total);
      if (reached > tenths && reached < 10) output.note(`${reached}0 % (${done} of ${total} sentences)`);
      tenths = reached;
    },
  });
  const bleuAgainst = (kind: EvaluationConfig['references']) =>
    kind === options.references
      ? result.bleu
      : scoreBleu(result.hypotheses, referenceTexts(kind, { tokenizer, examples, pairs }));
  const bleuOf = { decoded: bleuAgainst('decoded'), raw: bleuAgainst('raw') };
  if (options.json) {
    output.json({ model: directory, ...result, bleuOf });
    return;
  }
  output.line(
    `BLEU, decoded   ${score(bleuOf.decoded.score)}  against the references as the model's pieces spell them, as runs do`,
  );
  output.line(`BLEU, raw       ${score(bleuOf.raw.score)}  against the file's own text, as \`bleubird score\` does`);
  output.line(`loss            ${loss(result.loss)}`);
  output.line(`loss per piece  ${loss(result.lossPerToken)}`);
  output.line(`time            ${formatDuration(result.durationSeconds)}`);
  output.line(describeDecoding(result));
  output.line(`BLEU ${result.bleu.signature}`);
}

function atLeastTwo(text: string): number {
  const value = positiveNumber(text);
  if (value < 2) throw new InvalidArgumentError('Expected 2 or more: the end of sentence is one.');
  return value;
}
