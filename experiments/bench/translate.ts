/**
 * Translation with beams beside transformers' generate and CTranslate2 on the same processor: the very same source ids.
 *
 *   npm run build:native && npx node experiments/bench/translate.ts MODEL [--python PYTHON] [--corpus kde-en-fr.tsv.gz]
 *     [--sentences 500] [--beams 4] [--threads 2] [--batches 64,128,256] [--pieces N] [--early-stopping] [--ours bf16,f32]
 *     [--transformers float32,bfloat16] [--ctranslate2 int8,bfloat16,float32] [--onnxruntime float32,int8] [--texts FILE.json]
 *
 * PYTHON: an interpreter with torch, transformers and ctranslate2, for --onnxruntime (none by default) with optimum-onnx and
 * onnxruntime as well; without it only we run. We are shown at each of --batches
 * (a small model takes 64 sentences at least), after a quarter of the sentences to warm up; peers at the best of their batch
 * sizes and thread settings, found on a quarter. --corpus: tab-separated, the last two columns a pair. --pieces forces every
 * output to N pieces for all: for random weights, which never end. --early-stopping ends a search with as many outputs as
 * beams, for us and generate: CTranslate2 always does, so only then do all search alike. --texts writes what each wrote. BLEU
 * is against the corpus, by one tokenizer for all. Times are those of translating ids into ids (tokens for CTranslate2),
 * models loaded.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { BLEU } from 'sacrebleu-ts';
import { generateAll } from '../../src/engine/decoding/generate-all.ts';
import { resolveGenerationSettings } from '../../src/engine/decoding/generation-settings.ts';
import { loadModel } from '../../src/engine/model/load-model.ts';
import { readGenerationConfig } from '../../src/engine/model/model-directory.ts';
import { openNative } from '../../src/engine/native/open-native.ts';
import { MarianTokenizer } from '../../src/engine/text/marian-tokenizer.ts';

const LONGEST = 128;

interface Measured {
  readonly name: string;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly ids: readonly (readonly number[])[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: '' },
    corpus: { type: 'string', default: '' },
    sentences: { type: 'string', default: '500' },
    beams: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    batches: { type: 'string', default: '64,128,256' },
    pieces: { type: 'string', default: '' },
    'early-stopping': { type: 'boolean', default: false },
    texts: { type: 'string', default: '' },
    ours: { type: 'string', default: 'bf16,f32' },
    transformers: { type: 'string', default: 'float32,bfloat16' },
    ctranslate2: { type: 'string', default: 'int8,bfloat16,float32' },
    onnxruntime: { type: 'string', default: '' },
  },
});
const [folder] = positionals;
if (folder === undefined || values.corpus === '') throw new Error('usage: translate.ts MODEL --corpus FILE');
const threads = Number(values.threads);
const beams = Number(values.beams);
const earlyStopping = values['early-stopping'] ? true : null;
const pieces = values.pieces === '' ? null : Number(values.pieces);
const tokenizer = await MarianTokenizer.load(folder);
const pairs = readPairs(values.corpus, Number(values.sentences));
const sources = pairs.map(([source]) => [...tokenizer.encodeSource(source, { maxLength: LONGEST }).ids]);
const references = pairs.map(([, target]) => target);

process.stdout.write(`${path.basename(folder)}: ${sources.length} sentences, ${beams} beams, ${threads} threads\n\n`);
process.stdout.write('| who | sentences/s | processor ms a sentence | pieces | BLEU |\n|---|---|---|---|---|\n');
const texts: Record<string, readonly string[]> = { source: pairs.map(([source]) => source), references };
for (const precision of ['bf16', 'f32'] as const) {
  if (!values.ours.split(',').includes(precision)) continue;
  for await (const measured of measureOurs(folder, precision)) print(measured);
}
if (values.python !== '') for (const measured of measurePeers(values.python, folder)) print(measured);
if (values.texts !== '') writeFileSync(values.texts, JSON.stringify(texts));

async function* measureOurs(model: string, precision: 'bf16' | 'f32'): AsyncGenerator<Measured> {
  await openNative({ precision, threads });
  const loaded = await loadModel(model);
  const file = await readGenerationConfig(model);
  const max_length = pieces === null ? LONGEST : pieces + 1;
  const given = {
    num_beams: beams,
    max_length,
    length_penalty: null,
    early_stopping: earlyStopping,
    compatibility: 'transformers-4',
  } as const;
  const resolved = resolveGenerationSettings(file, given, loaded);
  const settings = pieces === null ? resolved : { ...resolved, eosTokenIds: [], forcedEosTokenIds: [] };
  const translateAll = async (batchSize: number, sources: readonly (readonly number[])[]): Promise<Measured> => {
    const ids: (readonly number[])[] = sources.map(() => []);
    const [start, processor] = [performance.now(), process.cpuUsage()];
    for await (const items of generateAll({ model: loaded, sources, settings, batchSize })) {
      for (const item of items) ids[item.index] = item.ids;
    }
    const { user, system } = process.cpuUsage(processor);
    const name = `bleubird ${precision}, ${batchSize} sentences at once`;
    return { name, seconds: (performance.now() - start) / 1000, processorSeconds: (user + system) / 1e6, ids };
  };
  const quarter = sources.filter((_, index) => index % 4 === 0);
  for (const batchSize of values.batches.split(',').map(Number)) {
    await translateAll(batchSize, quarter);
    yield await translateAll(batchSize, sources);
  }
  loaded.dispose();
}

function* measurePeers(python: string, model: string): Generator<Measured> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'translate-'));
  try {
    const lists = {
      transformers: values.transformers.split(',').filter(Boolean),
      ctranslate2: values.ctranslate2.split(',').filter(Boolean),
      onnxruntime: values.onnxruntime.split(',').filter(Boolean),
    };
    const file = path.join(scratch, 'workload.json');
    writeFileSync(
      file,
      JSON.stringify({
        model: path.resolve(model),
        sources,
        beams,
        threads,
        pieces,
        earlyStopping,
        longest: LONGEST,
        ...lists,
      }),
    );
    const script = fileURLToPath(new URL('translate.py', import.meta.url));
    const { status, stdout, stderr } = spawnSync(python, [script, file], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(stderr);
    for (const line of stdout.split('\n').filter(Boolean)) {
      const { skipped, ...measured } = JSON.parse(line) as Measured & { readonly skipped?: string };
      if (skipped === undefined) yield measured;
      else process.stderr.write(`${skipped}\n`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function print({ name, seconds, processorSeconds, ids }: Measured): void {
  const outputs = ids.map((output) => tokenizer.decode(output));
  texts[name] = outputs;
  const { score } = new BLEU().corpusScore(outputs, [references]);
  const written = ids.reduce((sum, output) => sum + output.length, 0) / ids.length;
  const speed = (ids.length / seconds).toFixed(1);
  const processor = ((1000 * processorSeconds) / ids.length).toFixed(2);
  process.stdout.write(`| ${name} | ${speed} | ${processor} | ${written.toFixed(1)} | ${score.toFixed(2)} |\n`);
}

function readPairs(corpus: string, count: number): (readonly [string, string])[] {
  const bytes = readFileSync(corpus);
  const text = (corpus.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.trimEnd().split('\n').slice(0, count);
  return lines.map((line) => {
    const [source = '', target = ''] = line.split('\t').slice(-2);
    return [source, target] as const;
  });
}
