/** bleubird's side of training.ts: `node training-worker.ts WORKLOAD.json [profile]` prints one line of JSON. */
import { readFileSync } from 'node:fs';
import { openBackend } from '../../src/engine/backend/open-backend.ts';
import { experimentFromValues } from '../../src/engine/config/experiment-from-values.ts';
import { loadModel } from '../../src/engine/model/load-model.ts';
import type { NativeAddon } from '../../src/engine/native/addon-functions.ts';
import { loadAddon } from '../../src/engine/native/load-addon.ts';
import { AdamW } from '../../src/engine/training/adamw.ts';
import { trainModel } from '../../src/engine/training/training-loop.ts';
import { planTraining } from '../../src/engine/training/training-plan.ts';

export interface Workload {
  readonly model: string;
  /** Ids of both sides. */
  readonly examples: readonly (readonly [source: number[], target: number[]])[];
  /** Which examples, batch after batch; for the side that cannot draw them itself. */
  readonly order: readonly number[];
  readonly batchSize: number;
  /** Steps at the beginning of `order` that are not measured. */
  readonly warmUpSteps: number;
  readonly threads: number;
  readonly isGrouped: boolean;
  readonly seed: number;
}

export interface Measured {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakBytes: number;
  readonly precision?: string;
  readonly kernels?: readonly KernelTime[];
}

interface KernelTime {
  readonly name: string;
  seconds: number;
  calls: number;
}

const [file, profile] = process.argv.slice(2);
if (import.meta.main && file !== undefined) {
  const workload = JSON.parse(readFileSync(file, 'utf8')) as Workload;
  process.stdout.write(`${JSON.stringify(await measure(workload, profile === 'profile'))}\n`);
}

async function measure(workload: Workload, hasProfile: boolean): Promise<Measured> {
  const addon = loadAddon();
  const kernels = new Map<string, KernelTime>();
  if (hasProfile) timeFunctions(addon, kernels);
  await openBackend('native', { precision: 'auto', threads: workload.threads });
  const model = await loadModel(workload.model);
  const examples = workload.examples.map(([sourceIds, targetIds]) => ({ sourceIds, targetIds }));
  const { training: config } = experimentFromValues(
    {
      model: workload.model,
      'data.corpus.format': 'tsv',
      'data.corpus.path': workload.model,
      'data.source_lang': 'en',
      'data.target_lang': 'fr',
      'training.learning_rate': '2e-5',
      'training.weight_decay': '0.01',
      'training.per_device_train_batch_size': String(workload.batchSize),
      'training.num_train_epochs': '2',
      'training.group_by_length': String(workload.isGrouped),
      'training.seed': String(workload.seed),
    },
    { directory: '.' },
  );
  const plan = planTraining(examples.length, config);
  const optimizer = new AdamW(model, config);
  let started = { at: 0, processor: process.cpuUsage() };
  let finished = { at: 0, processor: process.cpuUsage() };
  await trainModel({
    ...{ model, examples, config, plan, optimizer },
    onDivergence: async () => undefined,
    onStep: async ({ step }) => {
      finished = { at: performance.now(), processor: process.cpuUsage(started.processor) };
      if (step !== plan.stepsPerEpoch) return 'continue';
      addon.crossEntropyTimes(new Float64Array(2));
      for (const kernel of kernels.values()) Object.assign(kernel, { seconds: 0, calls: 0 });
      started = { at: performance.now(), processor: process.cpuUsage() };
      return 'continue';
    },
  });
  splitCrossEntropy(addon, kernels);
  const { user, system } = finished.processor;
  return {
    seconds: (finished.at - started.at) / 1000,
    processorSeconds: (user + system) / 1e6,
    peakBytes: peakBytes(),
    precision: addon.precision(),
    kernels: [...kernels.values()].filter(({ calls }) => calls > 0),
  };
}

/** Puts a clock around each function of the addon. */
function timeFunctions(addon: object, kernels: Map<string, KernelTime>): void {
  for (const [name, run] of Object.entries(addon) as [string, (...args: unknown[]) => unknown][]) {
    const time = { name, seconds: 0, calls: 0 };
    kernels.set(name, time);
    Object.assign(addon, {
      [name]: (...args: unknown[]) => {
        const start = performance.now();
        const result = run(...args);
        time.seconds += (performance.now() - start) / 1000;
        time.calls += 1;
        return result;
      },
    });
  }
}

/** Its time on the clock in two: matrix products and the rest, in the shares they have of its threads' time. */
function splitCrossEntropy(addon: NativeAddon, kernels: Map<string, KernelTime>): void {
  const times = new Float64Array(2);
  addon.crossEntropyTimes(times);
  const [products = 0, all = 0] = times;
  const whole = kernels.get('crossEntropy');
  if (whole === undefined || all === 0) return;
  const { calls, seconds } = whole;
  const ofProducts = seconds * (products / all);
  kernels.delete('crossEntropy');
  kernels.delete('crossEntropyTimes');
  kernels.set('products', { name: 'crossEntropy, its products', seconds: ofProducts, calls });
  kernels.set('softmax', { name: 'crossEntropy, all else', seconds: seconds - ofProducts, calls });
}

/** Linux: VmHWM of this program. */
function peakBytes(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
