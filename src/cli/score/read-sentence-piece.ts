import { resolve } from 'node:path';
import type { SentencePieceModel } from 'sacrebleu-ts';
import { readSmallFile } from '../../engine/files/read-small-file.ts';
import { SentencePiece } from '../../engine/text/sentencepiece.ts';
import type { World } from '../world.ts';
import { unreadableInput } from './score-error.ts';

/** spBLEU-1K's, the largest of the known ones, has 4 MiB. */
const MAX_BYTES = 1 << 26;

/**
 * The SentencePiece model of a file, as the tokenizers flores101, flores200 and spBLEU-1K need it.
 * @throws {ScoreError} when the file cannot be read, {ModelError} when it is no such model
 */
export async function readSentencePiece(file: string, { cwd }: World): Promise<SentencePieceModel> {
  const bytes = await readSmallFile(resolve(cwd, file), MAX_BYTES).catch((cause: unknown) => {
    throw unreadableInput(file, cause);
  });
  const model = new SentencePiece(bytes, file);
  return { encode: (line) => model.encodePieces(line) };
}
