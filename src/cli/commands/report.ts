/** `bleubird report RUN…`: a page to show to others. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { positiveNumber } from '../arguments.ts';
import { findRuns } from '../find-runs.ts';
import { storeOption, withRuns } from '../store-option.ts';
import type { World } from '../world.ts';
import { writeNewFile } from '../write-new-file.ts';

interface ReportOptions {
  readonly store?: string;
  readonly output?: string;
  readonly sentences: number;
}

export function addReportCommand(program: Command, world: World): void {
  program
    .command('report')
    .argument('<runs...>', 'runs: ids, their beginnings, or "last"; the first is what others are held to')
    .summary('write a page about runs, to show to others')
    .description(
      'Writes one HTML file about runs that needs nothing else: BLEU before and after with intervals and significance, the ' +
        'settings that differ, curves, the sentences that gained and lost most, configuration and environment.',
    )
    .option('-o, --output <file>', 'where to write it (default: stdout)')
    .option('-n, --sentences <count>', 'sentences to show of each kind', positiveNumber, 10)
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird report last -o report.html')
    .action((runs: string[], _options: unknown, command: Command) =>
      report(runs, command.optsWithGlobals<ReportOptions>(), program.version() ?? '', world),
    );
}

async function report(typed: readonly string[], options: ReportOptions, version: string, world: World): Promise<void> {
  const { readReport } = await import('../report/read-report.ts');
  const { reportPage } = await import('../report/report-page.ts');
  const { output } = world;
  const told = await withRuns(world, options.store, (store) => {
    return readReport(store, findRuns(typed, store, world.now()));
  });
  const { sentences } = options;
  const page = reportPage(told, { sentences, version, now: world.now() });
  if (options.output === undefined) return output.line(page.trimEnd());
  const file = resolve(world.cwd, options.output);
  writeNewFile(file, page, true);
  output.note(`Wrote ${options.output}.`);
}
