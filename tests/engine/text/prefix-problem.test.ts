import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { prefixProblem } from '../../../src/engine/text/prefix-problem.ts';

const demoModel = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
let tokenizer: MarianTokenizer;
beforeAll(async () => {
  tokenizer = await MarianTokenizer.load(demoModel);
});

it.each([
  ['', null],
  ['Open: ', null],
  ['\u{1F600} ', 'The prefix "\u{1F600} " holds pieces that the model does not know.'],
  [
    '>>fra<< ',
    'The model does not know the language code ">>fra<<": to it every sentence begins with an unknown piece.',
  ],
])('of the prefix %j tells what the demo model does not know of it', (prefix, problem) => {
  expect(prefixProblem(prefix, tokenizer)).toBe(problem);
});
