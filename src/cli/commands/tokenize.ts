/** `bleubird tokenize`: the piece ids of each line of standard input. */
import { type Command, Option } from 'commander';
import { readInputLines } from '../input-lines.ts';
import { findModel, modelOption } from '../open-model.ts';
import { storeOption } from '../store-option.ts';
import type { World } from '../world.ts';

interface TokenizeOptions {
  readonly model: string;
  readonly side: 'source' | 'target';
  readonly pieces?: boolean;
  readonly json?: boolean;
  readonly store?: string;
}

const LINES_AT_ONCE = 1_000;

export function addTokenizeCommand(program: Command, world: World): void {
  program
    .command('tokenize')
    .summary('turn lines of standard input into piece ids')
    .description("Turns each line of standard input into the ids of the model's pieces, end of sentence included.")
    .addOption(modelOption())
    .addOption(
      new Option('--side <side>', "which of the model's vocabularies").choices(['source', 'target']).default('source'),
    )
    .option('--pieces', 'print the pieces as text instead of their ids')
    .option('--json', 'one JSON object a line, with ids and pieces')
    .addOption(storeOption())
    .addHelpText(
      'after',
      '\nExample:\n  echo "Save the file" | bleubird tokenize --model experiments/models/demo-en-fr --side source',
    )
    .action((_options: unknown, command: Command) => tokenize(command.optsWithGlobals<TokenizeOptions>(), world));
}

async function tokenize(options: TokenizeOptions, world: World): Promise<void> {
  const { output } = world;
  const { MarianTokenizer } = await import('../../engine/text/marian-tokenizer.ts');
  const tokenizer = await MarianTokenizer.load(await findModel(options.model, options.store, world));
  const isSource = options.side === 'source';
  for await (const lines of readInputLines(world, LINES_AT_ONCE)) {
    for (const line of lines) {
      const { ids } = isSource ? tokenizer.encodeSource(line) : tokenizer.encodeTarget(line);
      const pieces = () => tokenizer.pieces(ids, { useSourceTokenizer: isSource });
      if (options.json) output.json({ ids, pieces: pieces() });
      else output.line((options.pieces ? pieces() : ids).join(' '));
    }
    await output.drained();
  }
}
