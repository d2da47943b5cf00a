/** `bleubird evaluate` beside `translate` and `score`: who scores the same files must not find two truths. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { demoModel } from '../support/demo-model.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const cwd = temporaryFolder();
const sources = 'Save the file\nCannot open the file\nThe type of the file is not valid\n';
// Pieces know neither the ellipsis as one character nor the ideographs.
writeFileSync(join(cwd, 'en'), sources);
writeFileSync(
  join(cwd, 'fr'),
  'Enregistrer le fichier\nImpossible d’ouvrir le fichier…\nLe type 漢字 du fichier n’est pas valide\n',
);
const search = ['-m', demoModel, '--beams', '1', '--max-length', '32'];
const evaluate = (...args: string[]) =>
  runCli(['evaluate', ...search, '--source', 'en', '--reference', 'fr', ...args], { cwd });

it('evaluate gives BLEU against raw references too, which is what translate and score give', {
  timeout: 60_000,
}, async () => {
  const { stdout: hypotheses } = await runCli(['translate', ...search], { cwd, input: sources });
  const scored = await runCli(['score', 'fr', '-f', 'json'], { cwd, input: hypotheses });
  const { score } = JSON.parse(scored.stdout) as { score: number };
  const decoded = JSON.parse((await evaluate('--json')).stdout);
  expect(decoded.bleuOf.raw.score).toBeCloseTo(score, 1);
  expect(decoded.bleuOf.decoded).toEqual(decoded.bleu);
  expect(decoded.bleuOf.decoded.score).toBeGreaterThan(decoded.bleuOf.raw.score);
  const raw = JSON.parse((await evaluate('--json', '--references', 'raw')).stdout);
  expect(raw.bleu).toEqual(decoded.bleuOf.raw);
  expect(raw.bleuOf).toEqual(decoded.bleuOf);

  const { stdout } = await evaluate();
  expect(stdout.split('\n').slice(0, 2)).toEqual([
    `BLEU, decoded   ${decoded.bleuOf.decoded.score.toFixed(2)}  against the references as the model's pieces spell them, as runs do`,
    `BLEU, raw       ${raw.bleu.score.toFixed(2)}  against the file's own text, as \`bleubird score\` does`,
  ]);
});
