import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SentencePieceModel } from 'sacrebleu-ts';
import { SentencePiece } from '../../engine/text/sentencepiece.ts';
import type { World } from '../world.ts';
import { ScoreError } from './score-error.ts';

/**
 * The SentencePiece model of a file, as the tokenizers flores101, flores200 and spBLEU-1K need it.
 * @throws {ScoreError} when the file cannot be read, {ModelError} when it is no such model
 */
export async function readSentencePiece(file: string, { cwd }: World): Promise<SentencePieceModel> {
  let bytes: Buffer;
  try {
    bytes = await readFile(resolve(cwd, file));
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ScoreError(`${file} cannot be read: ${cause.message}.`, 1, { cause });
  }
  const model = new SentencePiece(bytes, file);
  return {
    encode: (line) => model.encode(line).map((piece) => (typeof piece === 'number' ? model.pieceText(piece) : piece)),
  };
}
