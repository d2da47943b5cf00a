/** `--compatibility`: what `generate` of transformers 4.47.1 and 5.23.0 answers for the demo model in float32 with two beams. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { demoModel } from '../support/demo-model.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const cwd = temporaryFolder();
const search = ['-m', demoModel, '--device', 'wasm', '--beams', '2', '--max-length', '64'];
const sources = ['file open of a', 'the open color music'];
const older = ['fichier ouvert de', 'de la musique ouverte'];
const newer = ['fichier ouvert', 'la musique ouverte'];
const asked = ['--compatibility', 'transformers-5'];

it.concurrent('translate follows transformers 4, and 5 when asked to', async () => {
  const translate = async (args: readonly string[]) => {
    const { stdout } = await runCli(['translate', ...search, ...args], { cwd, input: `${sources.join('\n')}\n` });
    return stdout.split('\n');
  };
  expect(await translate([])).toEqual([...older, '']);
  expect(await translate(asked)).toEqual([...newer, '']);
});

it.concurrent('evaluate follows transformers 5 when asked to, and says so', async () => {
  const [source, reference] = [join(cwd, 'en'), join(cwd, 'fr')];
  writeFileSync(source, `${sources.join('\n')}\n`);
  writeFileSync(reference, `${newer.join('\n')}\n`);
  const files = ['--source', source, '--reference', reference];
  const { stdout } = await runCli(['evaluate', ...search, ...files, '--json', ...asked], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ hypotheses: newer, decoding: { compatibility: 'transformers-5' } });
});
