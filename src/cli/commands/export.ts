/** `bleubird export RUN…`: what the store holds of runs, as a table for other programs. */
import { type Command, Option } from 'commander';
import { nearestName } from '../../engine/config/nearest-name.ts';
import { ConfigError } from '../../errors.ts';
import { type FormatName, formatNames, tableFormats } from '../export/table-formats.ts';
import { type TableName, tableNames } from '../export/tables.ts';
import { findRuns } from '../find-runs.ts';
import { storeOption, withRuns } from '../store-option.ts';
import type { World } from '../world.ts';

interface ExportOptions {
  readonly store?: string;
  readonly table: TableName;
  readonly format: FormatName;
  readonly columns?: readonly string[];
  readonly json?: boolean;
}

export function addExportCommand(program: Command, world: World): void {
  program
    .command('export')
    .argument('[runs...]', 'ids of runs, their beginnings, or "last"; without any, all runs, the newest first')
    .summary('write runs as a table for other programs')
    .description(
      'Writes what the store holds of runs to stdout as one table. metrics: a row a step, a column a metric; runs: a row ' +
        'a run with its scores and every setting; evaluations: a row each; sentences: the validation sentences with their ' +
        'translations. Texts are written as they are: let a spreadsheet take them as text, since one may begin like a formula.',
    )
    .addOption(new Option('--table <name>', 'which table').choices(tableNames).default('metrics'))
    .addOption(new Option('--format <name>', 'how it is written').choices(formatNames).default('csv'))
    .option('--columns <names>', 'only these, in this order, with commas between', (text) => text.split(','))
    .option('--json', 'as --format jsonl: one JSON object a row')
    .addOption(storeOption())
    .addHelpText(
      'after',
      '\nExamples:\n  bleubird export last > metrics.csv\n' +
        '  bleubird export --table runs --format markdown --columns name,training.learning_rate,bleu_before,bleu_after',
    )
    .action((runs: string[], _options: unknown, command: Command) =>
      exportRuns(runs, command.optsWithGlobals<ExportOptions>(), world),
    );
}

async function exportRuns(typed: readonly string[], options: ExportOptions, world: World): Promise<void> {
  const { exportedTable } = await import('../export/tables.ts');
  const { output } = world;
  const format = tableFormats[options.json ? 'jsonl' : options.format];
  await withRuns(world, options.store, async (store) => {
    const ids = typed.length > 0 ? typed : store.listRuns().map(({ id }) => id);
    const { columns, rows } = exportedTable(options.table, store, findRuns(ids, store, world.now()));
    const chosen = options.columns ?? columns;
    const places = chosen.map((name) => placeOf(name, columns));
    for (const line of format.head(chosen)) output.line(line);
    for (const cells of rows()) {
      const row = places.map((place) => cells[place] ?? null);
      output.line(format.row(chosen, row));
      await output.drained();
    }
    for (const line of format.foot) output.line(line);
  });
}

function placeOf(name: string, columns: readonly string[]): number {
  const place = columns.indexOf(name);
  if (place !== -1) return place;
  const meant = nearestName(name, columns);
  throw new ConfigError(
    `There is no column ${name}; ${meant === null ? '' : `did you mean ${meant}? `}expected of ${columns.join(', ')}.`,
  );
}
