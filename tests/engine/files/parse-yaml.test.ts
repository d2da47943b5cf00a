import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { parseYamlDocument } from '../../../src/engine/files/parse-yaml.ts';

const SETTINGS = { prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;

it.each([
  'a: 1\nb: [x, {c: d}]\n',
  '',
  '# nothing\n',
  'a: &x 1\nb: *x\n',
  'a: [1\nb: 2\n',
  '}\n}\na: 1\n',
  '--- 1\n--- 2\n--- 3\n',
  '- a\n b\n\t- c',
])('%j is read as by the library, errors and all', (text) => {
  const [ours, theirs] = [parseYamlDocument(text, SETTINGS), parseDocument(text, SETTINGS)];
  const errorsOf = ({ errors }: typeof ours) => errors.map(({ code, pos }) => [code, ...pos]);
  expect(errorsOf(ours)).toEqual(errorsOf(theirs));
  expect(ours.toJS()).toEqual(theirs.toJS());
});

it('what is faulty without end is not read to its end, and its errors have no stack', () => {
  const { errors } = parseYamlDocument('}\n'.repeat(100_000), SETTINGS);
  expect(errors).toHaveLength(20);
  expect(errors[0]?.stack).not.toContain('\n    at ');
  expect(new Error('as before').stack).toContain('\n    at ');
});
