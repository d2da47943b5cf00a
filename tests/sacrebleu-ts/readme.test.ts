import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = new URL('../../src/sacrebleu-ts/', import.meta.url);

it("prints what the package's README says: its examples, one after the other", () => {
  const blocks = [...readFileSync(new URL('README.md', source), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)];
  const lines = blocks.flatMap(([, block = '']) => block.split('\n'));
  const promised = lines.filter((line) => line.startsWith('// ')).map((line) => line.slice(3));
  const index = fileURLToPath(new URL('src/index.ts', source));
  const program = lines.map((line) => line.replace("from 'sacrebleu-ts'", `from ${JSON.stringify(index)}`)).join('\n');
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    encoding: 'utf8',
    env: { NO_COLOR: '1' },
  });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toEqual(promised);
  expect(promised.length).toBeGreaterThan(10);
});
