/** `bleubird store check|repair|backup|vacuum`: looks after the file that the runs are in. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { StoreError } from '../../errors.ts';
import type { Finding } from '../../runner/examine-store.ts';
import { formatBytes } from '../../ui/text/format.ts';
import { storeDirectory, storeOption } from '../store-option.ts';
import { counted } from '../text.ts';
import type { World } from '../world.ts';

interface StoreOptions {
  readonly json?: boolean;
  readonly overwrite?: boolean;
  readonly store?: string;
}

export function addStoreCommand(program: Command, world: World): void {
  const store = program
    .command('store')
    .summary('check, repair, back up or shrink the store')
    .description(
      'Looks after the file that the runs are in. Each run also keeps a journal in its folder, from which its numbers ' +
        'can be made anew; checkpoints lie in the folders alone.',
    )
    .addHelpText('after', '\nExamples:\n  bleubird store check\n  bleubird store backup ~/runs.sqlite');
  const add = (name: string, summary: string, work: (options: StoreOptions, args: string[]) => Promise<void>) =>
    store
      .command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .option('--json', 'print the result as one JSON object')
      .addOption(storeOption())
      .helpOption('-h, --help', 'print this help')
      .action((...given: unknown[]) => {
        const command = given.at(-1) as Command;
        return work(command.optsWithGlobals<StoreOptions>(), command.args);
      });
  add('check', 'say what is damaged, missing or left over; exit code 6 if anything is', (options) =>
    check(options, world),
  );
  add('repair', 'set a damaged file aside, save what can be read, make runs anew from their journals', (options) =>
    repair(options, world),
  );
  add('backup', 'copy the store to a file while runs go on; checkpoints are not in it', (options, [destination]) =>
    backup(options, destination, world),
  )
    .argument('[file]', 'where to (default: bleubird-<time>.sqlite here)')
    .option('--overwrite', 'replace the file if it exists');
  add('vacuum', 'give the space of deleted runs back to the disk', (options) => shrink(options, world));
}

async function check(options: StoreOptions, world: World): Promise<void> {
  const { examineStore } = await import('../../runner/examine-store.ts');
  const { output } = world;
  const { path, runs, findings } = await examineStore(directoryOf(options, world), world.now());
  const problems = findings.filter(({ severity }) => severity === 'problem').length;
  if (options.json) output.json({ path, runs, problems, findings });
  else tell(findings, world);
  if (problems > 0) {
    throw new StoreError(`The store ${path} has ${counted(problems, 'problem')}.`, {
      hint: '`bleubird store repair` cures what can be cured.',
    });
  }
  if (!options.json) output.line(`${path}: ${counted(runs, 'run')}, nothing is wrong.`);
}

async function repair(options: StoreOptions, world: World): Promise<void> {
  const { repairStore } = await import('../../runner/repair-store.ts');
  const { output } = world;
  const { done, left } = await repairStore(directoryOf(options, world), world.now);
  const problems = left.filter(({ severity }) => severity === 'problem');
  if (options.json) {
    output.json({ done, problems: problems.length, findings: left });
  } else {
    for (const line of done) output.line(line);
    if (done.length === 0) output.line('There was nothing to repair.');
    tell(problems, world);
  }
  if (problems.length > 0) throw new StoreError(`${counted(problems.length, 'problem')} could not be cured.`);
}

async function backup(options: StoreOptions, destination: string | undefined, world: World): Promise<void> {
  const { backUp } = await import('../../store/back-up.ts');
  const { withRuns } = await import('../store-option.ts');
  const { output } = world;
  const stamp = new Date(world.now()).toISOString().slice(0, 19).replaceAll(':', '-');
  const file = resolve(world.cwd, destination ?? `bleubird-${stamp}.sqlite`);
  await withRuns(world, options.store, () => {}); // a store that is damaged is no copy worth having
  const sizeBytes = await backUp(join(directoryOf(options, world), 'bleubird.sqlite'), file, {
    overwrites: options.overwrite === true,
  });
  if (options.json) output.json({ file, sizeBytes });
  else output.line(`${file}: ${formatBytes(sizeBytes)}. Checkpoints and journals stay in runs/ and are not in it.`);
}

async function shrink(options: StoreOptions, world: World): Promise<void> {
  const { assertNoRunGoesOn } = await import('../../runner/assert-no-run-goes-on.ts');
  const { vacuum } = await import('../../store/database-care.ts');
  const { withRuns } = await import('../store-option.ts');
  const { withCareLock } = await import('../../runner/care-lock.ts');
  const directory = directoryOf(options, world);
  const { beforeBytes, afterBytes } = await withCareLock(directory, 'vacuum', async () => {
    assertNoRunGoesOn(directory, world.now());
    await withRuns(world, options.store, () => {});
    return vacuum(join(directory, 'bleubird.sqlite'));
  });
  if (options.json) world.output.json({ beforeBytes, afterBytes });
  else world.output.line(`${formatBytes(beforeBytes)} before, ${formatBytes(afterBytes)} now.`);
}

function directoryOf(options: StoreOptions, world: World): string {
  return resolve(world.cwd, storeDirectory(world, options.store));
}

function tell(findings: readonly Finding[], { output }: World): void {
  for (const { severity, run, message } of findings) {
    output.note(`${severity}: ${run === null ? '' : `run ${run}: `}${message}`);
  }
}
