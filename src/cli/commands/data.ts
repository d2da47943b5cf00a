/** `bleubird data FILE`: what an experiment would train on, before it does. */
import type { Command } from 'commander';
import type { DataDescription, PartDescription, SideDescription } from '../../engine/data/describe-data.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { formatNumber } from '../../ui/text/format.ts';
import { gather, positiveNumber } from '../arguments.ts';
import { findExperimentFile } from '../experiment-file.ts';
import { findModel } from '../open-model.ts';
import type { Output } from '../output.ts';
import { problemLines } from '../problem-lines.ts';
import { storeOption } from '../store-option.ts';
import { formatTable } from '../table.ts';
import { counted } from '../text.ts';
import type { World } from '../world.ts';

interface DataOptions {
  readonly set?: readonly string[];
  readonly examples: number;
  readonly store?: string;
  readonly json?: boolean;
}

const MAX_SHOWN_PROBLEMS = 20;

export function addDataCommand(program: Command, world: World): void {
  program
    .command('data')
    .argument('<file>', 'experiment file in YAML, or the name of one that comes along')
    .summary('look at the data of an experiment file')
    .description(
      "Reads the data of an experiment file as a run would: sizes of the split, lengths in the model's pieces, how much " +
        'would be cut, how much the vocabulary lacks, lines with something wrong, and a few examples.',
    )
    .option('-s, --set <path=value>', 'change a field of the file (repeatable)', gather)
    .option('--examples <count>', 'pairs to show', positiveNumber, 3)
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird data quickstart')
    .action((file: string, _options: unknown, command: Command) =>
      showData(file, command.optsWithGlobals<DataOptions>(), world),
    );
}

async function showData(file: string, options: DataOptions, world: World): Promise<void> {
  const { output } = world;
  const { readExperiment } = await import('../../engine/config/read-experiment.ts');
  const { describeData } = await import('../../engine/data/describe-data.ts');
  const { MarianTokenizer } = await import('../../engine/text/marian-tokenizer.ts');
  const experiment = await readExperiment(findExperimentFile(file, world), {
    overrides: options.set,
    overrideDirectory: world.cwd,
  });
  const tokenizer = await MarianTokenizer.load(await findModel(experiment.model, options.store, world));
  const description = await describeData(experiment.data, tokenizer, options.examples, {
    env: world.env,
    onProgress: downloadTeller(output),
  });
  if (options.json) output.json(description);
  else describe(description, output);
}

/** Says that something is downloaded, and how far it is at each tenth. */
function downloadTeller(output: Output): (file: string, doneBytes: number, totalBytes: number | null) => void {
  const tenths = new Map<string, number>();
  return (file, doneBytes, totalBytes) => {
    const tenth = totalBytes === null || totalBytes === 0 ? 0 : Math.floor((10 * doneBytes) / totalBytes);
    if (tenth <= (tenths.get(file) ?? -1)) return;
    tenths.set(file, tenth);
    const size = totalBytes === null ? '' : ` of ${formatNumber(totalBytes / 1e6, 1)} MB: ${tenth * 10} %`;
    output.note(`downloading ${file}${size}`);
  };
}

function describe(data: DataDescription, output: Output): void {
  for (const { name, pairs } of data.corpora) output.line(`${visibleText(name)}: ${counted(pairs, 'pair')}`);
  output.line(`pairs of the corpus, sha256: ${data.dataHash}`);
  output.line();
  const rows = [...sides('train', data.train), ...sides('validation', data.validation)];
  const [titles = '', ...lines] = formatTable(
    rows,
    [
      { title: 'PART', text: (row) => row.part },
      { title: 'PAIRS', text: (row) => String(row.pairs), align: 'right' },
      { title: 'SIDE', text: (row) => row.name },
      { title: 'PIECES', text: (row) => String(row.side.pieces), align: 'right' },
      { title: 'MEAN', text: (row) => row.side.meanLength.toFixed(1), align: 'right' },
      { title: 'MEDIAN', text: (row) => String(row.side.lengths.median), align: 'right' },
      { title: '90 %', text: (row) => String(row.side.lengths.p90), align: 'right' },
      { title: '99 %', text: (row) => String(row.side.lengths.p99), align: 'right' },
      { title: 'LONGEST', text: (row) => String(row.side.lengths.max), align: 'right' },
      { title: 'CUT', text: (row) => share(row.side.truncated, row.side.truncatedShare), align: 'right' },
      { title: '<unk>', text: (row) => share(row.side.unknownPieces, row.side.unknownShare), align: 'right' },
    ],
    null,
  );
  output.line(output.tone('bold', titles));
  for (const line of lines) output.line(line);
  const { maxLength: source } = data.train.source;
  output.line(
    `Lengths in pieces, the end of sentence included; cut beyond ${source} (source), ${data.train.target.maxLength} (target).`,
  );
  for (const note of data.notes) output.line(`note: ${visibleText(note)}`);
  const [title, ...problems] = problemLines(data, MAX_SHOWN_PROBLEMS, ' (--json has the first 1,000)');
  if (title !== undefined) {
    output.line();
    output.line(output.tone('warning', title));
    for (const line of problems) output.line(line);
  }
  for (const { line, source: text, target, sourcePieces, targetPieces } of data.examples) {
    output.line();
    output.line(`line ${line}`);
    output.line(`  source  ${visibleText(text)}`);
    output.line(`          ${visibleText(sourcePieces.join(' '))}`);
    output.line(`  target  ${visibleText(target)}`);
    output.line(`          ${visibleText(targetPieces.join(' '))}`);
  }
}

function sides(part: string, { pairs, source, target }: PartDescription) {
  return [
    { part, pairs, name: 'source', side: source satisfies SideDescription },
    { part, pairs, name: 'target', side: target satisfies SideDescription },
  ];
}

function share(count: number, ofAll: number): string {
  return count === 0 ? '0' : `${count} (${formatNumber(100 * ofAll, 2)} %)`;
}
