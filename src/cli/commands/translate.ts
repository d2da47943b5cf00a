/** `bleubird translate`: standard input, line by line, in another language. */
import type { Command } from 'commander';
import { visibleText } from '../../ui/text/fit-text.ts';
import { positiveNumber } from '../arguments.ts';
import { readInputLines } from '../input-lines.ts';
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
import { counted } from '../text.ts';
import type { World } from '../world.ts';

interface TranslateOptions extends ModelOptions {
  readonly batchSize: number;
  readonly prefix: string;
  readonly json?: boolean;
}

/** Batches to gather before translating: enough to sort by length, few enough to see progress and bound the memory. */
const BATCHES_AT_ONCE = 16;

export function addTranslateCommand(program: Command, world: World): void {
  program
    .command('translate')
    .summary('translate standard input, line by line')
    .description(
      'Translates standard input line by line: line n of the output is line n of the input; empty stays empty.',
    )
    .addOption(modelOption())
    .option('--beams <count>', "beams of the search, 1 for greedy (default: the model's own)", positiveNumber)
    .option('--max-length <pieces>', "longest translation (default: the model's own)", positiveNumber)
    .addOption(compatibilityOption())
    .option('--batch-size <count>', 'sentences translated together', positiveNumber, 32)
    .option('--prefix <text>', 'put before each sentence, e.g. ">>fra<< "', '')
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(threadsOption())
    .option('--json', 'one JSON object a line, with source and translation')
    .addOption(storeOption())
    .addHelpText(
      'after',
      '\nExample:\n  bleubird translate --model experiments/models/demo-en-fr < english.txt > french.txt',
    )
    .action((_options: unknown, command: Command) =>
      translateInput(command.optsWithGlobals<TranslateOptions>(), world),
    );
}

async function translateInput(options: TranslateOptions, world: World): Promise<void> {
  const { output, stdin, stdout } = world;
  const { model, tokenizer, settings } = await openModel(options, world);
  const { translate } = await import('../../engine/decoding/translate.ts');
  const { prefixProblem } = await import('../../engine/text/prefix-problem.ts');
  const unknown = prefixProblem(options.prefix, tokenizer);
  if (unknown !== null) output.warn(unknown);
  let firstLine = 1;
  for await (const lines of readInputLines(world, options.batchSize * BATCHES_AT_ONCE)) {
    const filled = lines.flatMap((text, index) => (text.trim() === '' ? [] : [index]));
    const start = firstLine;
    const texts = filled.map((index) => options.prefix + (lines[index] ?? ''));
    const translated = await translate({
      model,
      tokenizer,
      texts,
      settings,
      batchSize: options.batchSize,
      maxSourceLength: model.maxPositions,
      onTruncated: (cut) => {
        const shown = cut.slice(0, 10).map((index) => start + (filled[index] ?? 0));
        output.warn(
          `${counted(cut.length, 'line')} cut to the model's ${model.maxPositions} pieces: ${shown.join(', ')}${cut.length > 10 ? ' …' : ''}`,
        );
      },
    });
    const translations = lines.map(() => '');
    for (const [place, index] of filled.entries()) translations[index] = translated[place] ?? '';
    for (const [index, source] of lines.entries()) {
      // One line in, one line out, whatever the model says; and on a terminal nothing that steers it.
      const line = (translations[index] ?? '').replaceAll(/[\r\n]+/g, ' ');
      if (options.json) output.json({ source, translation: translations[index] });
      else output.line(stdout.isTTY ? visibleText(line) : line);
    }
    await output.drained();
    firstLine += lines.length;
    if (!stdin.isTTY) output.note(`${counted(firstLine - 1, 'line')} translated`);
  }
}
