import type { CorpusSpec } from '../config/experiment.ts';
import { type Corpus, CorpusBuilder } from './corpus-builder.ts';
import type { CorpusFormat, CorpusWorld, Languages } from './corpus-format.ts';
import { csv } from './formats/csv.ts';
import { hub } from './formats/hub.ts';
import { json } from './formats/json.ts';
import { jsonl } from './formats/jsonl.ts';
import { mo } from './formats/mo.ts';
import { moses } from './formats/moses.ts';
import { opus } from './formats/opus.ts';
import { parquet } from './formats/parquet.ts';
import { po } from './formats/po.ts';
import { tmx } from './formats/tmx.ts';
import { tsv } from './formats/tsv.ts';
import { typescriptCatalogue } from './formats/typescript-catalogue.ts';
import { xliff } from './formats/xliff.ts';

export type { Corpus };

/** All formats; a new one is a file in formats/ and a line here. */
const formats: readonly CorpusFormat[] = [
  moses,
  tsv,
  csv,
  json,
  jsonl,
  parquet,
  hub,
  opus,
  tmx,
  po,
  mo,
  xliff,
  typescriptCatalogue,
];

/**
 * Reads a corpus. Lines that are no text or do not pair up are left out and reported; pairs with an empty side are
 * reported and kept.
 *
 * @throws {DataError} when it cannot be read, or has no pair
 */
export async function readCorpus(
  spec: CorpusSpec,
  languages: Languages,
  world: CorpusWorld = { env: process.env },
): Promise<Corpus> {
  const format = formats.find((candidate) => candidate.format === spec.format);
  if (format === undefined) throw new RangeError(`There is no reader for corpora of format ${spec.format}.`);
  const corpus = new CorpusBuilder();
  const name = await format.read(spec, languages, corpus, world);
  return corpus.finish(name, format.cures);
}
