/** bleubird's side of tokenizer.py: `node tokenizer.ts TASK.json OUT.jsonl` writes a line for each text. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { MarianTokenizer } from '../../src/engine/text/marian-tokenizer.ts';

interface Task {
  readonly model: string;
  readonly maxLength: number;
  readonly texts: readonly string[];
  /** Ids to decode, one list for each text. */
  readonly ids: readonly (readonly number[])[];
}

const [path = '', out = ''] = process.argv.slice(2);
const { model, maxLength, texts, ids } = JSON.parse(readFileSync(path, 'utf8')) as Task;
const tokenizer = await MarianTokenizer.load(model);
const lines = createWriteStream(out);

function decoded(row: readonly number[]): string[] {
  const plain = [true, false].flatMap((skipSpecialTokens) =>
    [true, false].map((useSourceTokenizer) =>
      tokenizer.decode(row, { skipSpecialTokens, useSourceTokenizer, cleanUpTokenizationSpaces: false }),
    ),
  );
  return [...plain, tokenizer.decode(row, { cleanUpTokenizationSpaces: true })];
}

for (const [row, text] of texts.entries()) {
  const sides = [tokenizer.encodeSource, tokenizer.encodeTarget].map((encode) => {
    const full = encode.call(tokenizer, text).ids;
    const cut = encode.call(tokenizer, text, { maxLength }).ids;
    return [full, cut, ...decoded(full)];
  });
  const answer = JSON.stringify([...sides, decoded(ids[row] ?? [])]);
  if (!lines.write(`${answer}\n`)) await once(lines, 'drain');
}
lines.end();
await once(lines, 'finish');

// Python cannot say what these are: a lone surrogate has no UTF-8.
const surrogates = ['\ud800', 'a\udc00b', '\udc00\ud800', 'file \ud83d name', '\ud83d\ude00\ud83d'];
for (const text of surrogates) {
  assert.deepEqual(tokenizer.encodeSource(text), tokenizer.encodeSource(text.toWellFormed()));
  assert.deepEqual(tokenizer.encodeTarget(text), tokenizer.encodeTarget(text.toWellFormed()));
}
process.stdout.write(`bleubird: ${surrogates.length} texts with unpaired surrogates read as with U+FFFD\n`);
