/**
 * How fast the readers of corpora are, and how much memory they take. Run it with Node 24:
 *   npx node experiments/bench/corpora.ts [megabytes of each file, 300] [formats, such as tmx,po, or all] [parquet files]
 * It writes one file of each format to a new folder under the system's temporary folder, reads each in a process of its own
 * and removes them. Pairs are counted and thrown away, so that the peak is the reader's own; the last lines tell what pairs
 * take when they are kept. Parquet files are written by pyarrow, from the TSV file for instance:
 *   python -c "import pyarrow as pa, pyarrow.parquet as p; t=[l.split('\t') for l in open('x.tsv')]; p.write_table(
 *     pa.table({'translation': [{'en': a, 'fr': b} for a, b in t]}), 'x.parquet', row_group_size=100_000)"
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import type { CorpusSpec } from '../../src/engine/config/experiment.ts';
import { CorpusBuilder } from '../../src/engine/data/corpus-builder.ts';
import type { CorpusFormat } from '../../src/engine/data/corpus-format.ts';
import { csv } from '../../src/engine/data/formats/csv.ts';
import { json } from '../../src/engine/data/formats/json.ts';
import { jsonl } from '../../src/engine/data/formats/jsonl.ts';
import { parquet } from '../../src/engine/data/formats/parquet.ts';
import { po } from '../../src/engine/data/formats/po.ts';
import { tmx } from '../../src/engine/data/formats/tmx.ts';
import { tsv } from '../../src/engine/data/formats/tsv.ts';
import { xliff } from '../../src/engine/data/formats/xliff.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const languages = { source_lang: 'en', target_lang: 'fr' };

interface Kind {
  readonly start: string;
  readonly pair: (source: string, target: string) => string;
  readonly end: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  tsv: { start: '', pair: (source, target) => `${source}\t${target}\n`, end: '' },
  csv: { start: 'en,fr\n', pair: (source, target) => `"${source}","${target}"\n`, end: '' },
  jsonl: {
    start: '',
    pair: (source, target) => `${JSON.stringify({ translation: { en: source, fr: target } })}\n`,
    end: '',
  },
  json: {
    start: '{"version": "1", "data": [\n{}',
    pair: (source, target) => `,\n${JSON.stringify({ translation: { en: source, fr: target } })}`,
    end: ']}\n',
  },
  tmx: {
    start: '<?xml version="1.0"?>\n<tmx version="1.4"><header/><body>\n',
    pair: (source, target) =>
      `<tu><tuv xml:lang="en"><seg>${source}</seg></tuv><tuv xml:lang="fr"><seg>${target}</seg></tuv></tu>\n`,
    end: '</body></tmx>\n',
  },
  xliff: {
    start: '<xliff version="1.2"><file source-language="en" target-language="fr"><body>\n',
    pair: (source, target) => `<trans-unit><source>${source}</source><target>${target}</target></trans-unit>\n`,
    end: '</body></file></xliff>\n',
  },
  po: { start: '', pair: (source, target) => `msgid "${source}"\nmsgstr "${target}"\n\n`, end: '' },
};

const formats: readonly CorpusFormat[] = [tsv, csv, jsonl, json, tmx, xliff, po, parquet];

/** Counts pairs and forgets them. */
class Counter extends CorpusBuilder {
  pairs = 0;
  override addPair(): void {
    this.pairs += 1;
  }
}

async function main(megabytes: number, chosen: string, parquetFiles: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-corpora-'));
  try {
    say('format         file MB  seconds  CPU s  MB/s  pairs      peak RSS MB  (pairs thrown away)');
    for (const [extension, kind] of Object.entries(kinds)) {
      if (chosen !== 'all' && !chosen.split(',').includes(extension)) continue;
      const path = join(folder, `x.${extension}`);
      writeCorpus(path, kind, megabytes * 1e6);
      report(path);
      const packed = `${path}.gz`;
      await pipeline(createReadStream(path), createGzip({ level: 1 }), createWriteStream(packed));
      rmSync(path);
      report(packed, megabytes);
      rmSync(packed);
    }
    for (const file of parquetFiles) report(file);
    if (chosen !== 'all') return;
    const path = join(folder, 'x.tsv');
    writeCorpus(path, { ...(kinds.tsv ?? { start: '', end: '', pair: String }) }, megabytes * 1e6);
    say('kept:');
    report(path, statSync(path).size / 1e6, 'keep');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeCorpus(path: string, { start, pair, end }: Kind, sizeBytes: number): void {
  const file = openSync(path, 'w');
  let written = writeSync(file, start);
  let row = 0;
  const draw = generator(1);
  while (written < sizeBytes) {
    let chunk = '';
    for (let count = 0; count < 2000; count++) chunk += pair(sentence(draw, row), sentence(draw, ++row));
    written += writeSync(file, chunk);
  }
  writeSync(file, end);
  closeSync(file);
}

const words = 'open the gate rivière façade jardin été naïve hedge rows of tall green trees « œuvre » and stones'.split(
  ' ',
);

/** About 45 characters, none of them special to any format. */
function sentence(draw: () => number, row: number): string {
  const chosen = Array.from({ length: 4 + (draw() % 8) }, () => words[draw() % words.length]);
  return `${chosen.join(' ')} ${row}`;
}

/** Park and Miller's minimal standard generator. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}

function report(path: string, unpackedMegabytes = statSync(path).size / 1e6, mode = ''): void {
  const self = fileURLToPath(import.meta.url);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', self, 'read', path, mode], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`reading ${path} failed:\n${stderr}`);
  const { seconds, cpuSeconds, pairs, peakMegabytes, bytesPerPair } = JSON.parse(stdout);
  const cells = [
    basename(path).slice(2).padEnd(14),
    unpackedMegabytes.toFixed(0).padStart(7),
    seconds.toFixed(1).padStart(8),
    cpuSeconds.toFixed(1).padStart(6),
    (unpackedMegabytes / seconds).toFixed(0).padStart(5),
    ` ${String(pairs).padEnd(10)}`,
    peakMegabytes.toFixed(0).padStart(11),
    mode === '' ? '' : `  ${bytesPerPair.toFixed(0)} bytes a pair`,
  ];
  say(cells.join(' '));
}

async function readOne(path: string, isKept: boolean): Promise<void> {
  const name = path.replace(/\.gz$/, '');
  const format = formats.find((each) => name.endsWith(`.${each.format}`));
  if (format === undefined) throw new RangeError(`There is no reader for ${path}.`);
  const corpus = isKept ? new CorpusBuilder() : new Counter();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await format.read(specOf(format.format, path), languages, corpus, { env: process.env });
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(startCpu);
  const cpuSeconds = (user + system) / 1e6;
  globalThis.gc?.();
  const bytes = process.memoryUsage().heapUsed - before;
  const pairs = corpus instanceof Counter ? corpus.pairs : corpus.finish('x').pairs.length;
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  say(JSON.stringify({ seconds, cpuSeconds, pairs, peakMegabytes, bytesPerPair: bytes / pairs }));
}

function specOf(format: string, path: string): CorpusSpec {
  const fields = {
    format,
    path,
    delimiter: 'comma',
    has_header: true,
    source_header: '',
    target_header: '',
    source_column: 1,
    target_column: 2,
    source_field: null,
    target_field: null,
    field: 'data',
  };
  return fields as unknown as CorpusSpec;
}

if (process.argv[2] === 'read') await readOne(process.argv[3] ?? '', process.argv[4] === 'keep');
else await main(Number(process.argv[2] ?? 300), process.argv[3] ?? 'all', process.argv.slice(4));
