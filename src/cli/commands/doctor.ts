/** `bleubird doctor`: what this machine can do, and how to get the rest. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import type { DeviceReport } from '../../engine/backend/describe-devices.ts';
import { AppError, DeviceError } from '../../errors.ts';
import { formatBytes } from '../../ui/text/format.ts';
import type { Output } from '../output.ts';
import { storeDirectory, storeOption } from '../store-option.ts';
import { counted } from '../text.ts';
import type { World } from '../world.ts';

interface DoctorOptions {
  readonly store?: string;
  readonly json?: boolean;
}

interface StoreReport {
  readonly directory: string;
  readonly works: boolean;
  readonly detail: string;
  readonly hint: string | null;
}

interface Report {
  readonly node: { readonly version: string; readonly path: string };
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  readonly store: StoreReport;
  readonly devices: readonly DeviceReport[];
}

export function addDoctorCommand(program: Command, world: World): void {
  program
    .command('doctor')
    .summary('what this machine can do, and how to get the rest')
    .description(
      'Looks at this machine: Node, memory, processor, store, and which devices can compute; says how to get the rest.',
    )
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird doctor')
    .action((_options: unknown, command: Command) => examine(command.optsWithGlobals<DoctorOptions>(), world));
}

async function examine(options: DoctorOptions, world: World): Promise<void> {
  const { output } = world;
  const { describeDevices } = await import('../../engine/backend/describe-devices.ts');
  const report: Report = {
    node: { version: process.versions.node, path: process.execPath },
    platform: `${process.platform} ${process.arch}`,
    cpu: { model: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    store: await examineStore(storeDirectory(world, options.store)),
    devices: await describeDevices(),
  };
  if (options.json) output.json(report);
  else describe(report, output);
  if (report.devices.every(({ works }) => !works))
    throw new DeviceError('No device works here: nothing can be trained.');
}

/** Opens the store only to read: looking must not make one. */
async function examineStore(directory: string): Promise<StoreReport> {
  const { openStore } = await import('../../store/open-store.ts');
  try {
    const store = openStore(directory, { readOnly: true });
    try {
      const detail = [counted(store.listRuns().length, 'run'), ...store.warnings].join('; ');
      return { directory: store.directory, works: true, detail, hint: null };
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { OlderStoreError } = await import('../../store/open-database.ts');
    return { directory, works: error instanceof OlderStoreError, detail: error.message, hint: error.hint ?? null };
  }
}

function describe({ node, platform, cpu, memory, store, devices }: Report, output: Output): void {
  output.line(`Node      ${node.version} (${node.path})`);
  output.line(`system    ${platform}`);
  output.line(`CPU       ${cpu.model}, ${counted(cpu.cores, 'core')} to use`);
  output.line(`memory    ${formatBytes(memory.totalBytes)}, ${formatBytes(memory.freeBytes)} free`);
  output.line(`store     ${mark(store.works, output, 'not usable:')} ${store.directory}: ${store.detail}`);
  if (store.hint !== null) output.line(`          ${store.hint}`);
  output.line();
  for (const { name, works, detail, hint } of devices) {
    output.line(`${name.padEnd(9)} ${mark(works, output)} ${detail}`);
    if (hint !== null) output.line(`          ${hint}`);
  }
}

function mark(works: boolean, output: Output, otherwise = 'not here:'): string {
  return works ? output.tone('good', 'works:') : output.tone('warning', otherwise);
}
