/** Reads references and systems' outputs as sacreBLEU does: lines without the white space at their end. */
import { resolve } from 'node:path';
import { stripEnd } from 'sacrebleu-ts';
import { fileSource } from '../../engine/data/read-bytes.ts';
import { gatherBytes } from '../../engine/files/read-small-file.ts';
import type { World } from '../world.ts';
import { ScoreError, unreadableInput } from './score-error.ts';

/** Of one file, unpacked. A hundred test sets together have not as much, and a string holds no more than twice that. */
const MAX_BYTES = 1 << 28;

export interface ScoreSystem {
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * The references, `references[k][i]`.
 *
 * @param count tab-separated references a line holds; 1 takes lines whole
 * @throws {ScoreError} exit code 17 at a line with another count
 */
export async function readReferences(
  files: readonly string[],
  count: number,
  encoding: string,
  world: World,
): Promise<string[][]> {
  const streams = await Promise.all(files.map((file) => readLines(file, encoding, world)));
  if (count === 1) return streams;
  const references = Array.from({ length: Math.max(count, 0) }, (): string[] => []);
  for (const [index, line] of (streams[0] ?? []).entries()) {
    const fields = line.split('\t');
    if (fields.length < count) {
      throw new ScoreError(`FATAL: line ${index + 1}: expected ${count} fields, but found ${fields.length}.`, 17);
    }
    for (const [place, ofReference] of references.entries()) {
      // What is left of the line is the last reference, tabs and all.
      ofReference.push(place === count - 1 ? fields.slice(place).join('\t') : (fields[place] ?? ''));
    }
  }
  return references;
}

/** The systems of the files, named by them; a file given again as the baseline of a paired test is left out. */
export async function readSystems(
  files: readonly string[],
  { isPaired, encoding, world }: { readonly isPaired: boolean; readonly encoding: string; readonly world: World },
): Promise<ScoreSystem[]> {
  const systems: ScoreSystem[] = [];
  for (const name of files) {
    if (systems.some((system) => system.name === name)) {
      if (isPaired && name === systems[0]?.name) {
        world.output.note(`Ignoring '${name}' as it was also given as the baseline.`);
        continue;
      }
      throw new ScoreError(`'${name}' already used to name a system: each system needs a file of its own.`);
    }
    systems.push({ name, lines: await readLines(name, encoding, world) });
  }
  return systems;
}

/** The systems of standard input, one a tab-separated field. @throws {ScoreError} exit code 17 when lines differ in fields */
export async function readPipedSystems(encoding: string, { stdin, output }: World): Promise<ScoreSystem[]> {
  if (stdin.isTTY) output.note('Reading a system from the keyboard; Ctrl-D ends.');
  const bytes = await readAll('Standard input', stdin as AsyncIterable<Buffer>);
  const text = decode(bytes, encoding, 'Standard input').replace(/\r\n?/g, '\n');
  const rows = splitLines(text).map((line) => line.split('\t'));
  const columns = rows[0]?.length ?? 1;
  if (rows.some((row) => row.length !== columns)) {
    throw new ScoreError('FATAL: the number of tab-delimited fields in the input stream differ across lines.', 17);
  }
  // Even nothing is one system with one empty line.
  const all = rows.length === 0 ? [['']] : rows;
  return Array.from({ length: columns }, (_, column) => ({
    name: `System ${column + 1}`,
    lines: all.map((row) => stripEnd(row[column] ?? '')),
  }));
}

async function readLines(file: string, encoding: string, { cwd }: World): Promise<string[]> {
  const bytes = await readAll(file, fileSource(resolve(cwd, file)).open());
  return splitLines(decode(bytes, encoding, file));
}

/** A pipe such as `<(zcat ref.gz)` is as good as a file. */
async function readAll(name: string, chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  try {
    return await gatherBytes(chunks, MAX_BYTES);
  } catch (cause) {
    throw unreadableInput(name, cause);
  }
}

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(stripEnd);
}

function decode(bytes: Buffer, encoding: string, name: string): string {
  if (/^(latin|iso)[-_]?(8859[-_]?)?1$/i.test(encoding)) return bytes.toString('latin1');
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  } catch (cause) {
    throw new ScoreError(`Encoding '${encoding}' is not known.`, 1, { cause, hint: 'utf-8 is the usual one' });
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new ScoreError(`${name} is not ${encoding} text.`, 1, { cause, hint: 'name its encoding with --encoding' });
  }
}
