import { basename } from 'node:path';
import type { LineProblem } from '../../run/protocol.ts';
import { defineFormat, type Languages } from '../corpus-format.ts';
import { readLines } from '../read-lines.ts';

/** One JSON object a line, as `datasets` and run_translation.py have it: `{"translation": {"en": …, "fr": …}}`. */
export const jsonl = defineFormat('jsonl', async ({ path }, languages, corpus) => {
  for await (const line of readLines(path, corpus.note)) {
    if (line.text === null) {
      corpus.reportUnreadable(path, line);
      continue;
    }
    const found = parseLine(line.text, languages);
    if ('reason' in found) corpus.report({ file: path, line: line.number, ...found });
    else corpus.addPair({ ...found, line: line.number }, path);
  }
  return basename(path);
});

type Problem = Pick<LineProblem, 'reason' | 'detail'>;

function parseLine(text: string, languages: Languages): { source: string; target: string } | Problem {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    return { reason: 'malformed', detail: error instanceof SyntaxError ? error.message : String(error) };
  }
  const translation = isObject(row) ? row.translation : undefined;
  if (!isObject(translation)) return { reason: 'malformed', detail: 'no object under "translation"' };
  const { source_lang, target_lang } = languages;
  const missing = [source_lang, target_lang].filter((language) => !Object.hasOwn(translation, language));
  if (missing.length > 0) {
    const names = (keys: string[]): string => keys.map((key) => JSON.stringify(key)).join(' and ');
    return {
      reason: 'unpaired',
      detail: `no ${names(missing)}; it has ${names(Object.keys(translation)) || 'nothing'}`,
    };
  }
  const source = translation[source_lang];
  const target = translation[target_lang];
  if (typeof source !== 'string' || typeof target !== 'string') {
    return { reason: 'malformed', detail: 'a translation is not a string' };
  }
  if (/\p{Surrogate}/u.test(source + target)) {
    return { reason: 'malformed', detail: 'half of a surrogate pair, which is no character' };
  }
  return { source, target };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
