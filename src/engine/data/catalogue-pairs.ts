/**
 * The compiler messages that the npm package `typescript` ships in a dozen languages: real software texts with a
 * permissive licence, so a corpus every checkout has. TypeScript 7 no longer ships them.
 */
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { DataError } from '../../errors.ts';
import { errorCode, errorText } from '../files/system-error.ts';
import type { CorpusBuilder } from './corpus-builder.ts';
import type { Languages } from './corpus-format.ts';
import { readSmallText } from './read-bytes.ts';
import { parseTypescriptMessages } from './typescript-messages.ts';

const CATALOGUE = 'diagnosticMessages.generated.json';
const INSTALL_HINT = 'npm install --save-dev typescript@5.9.3';

const description = z.object({ version: z.string().regex(/^[\w.+-]{1,50}$/) });
const catalogue = z.record(z.string(), z.string());

/**
 * Reads the English messages with their translations into `corpus`, in the order of their codes, then keys. The code
 * (TS1005 is 1005) stands for the line. Messages without translation are reported and left out.
 *
 * @param resolveFrom files or directories whose `node_modules` are searched, the first that has the package being used
 * @returns the name to show
 * @throws {DataError} when the package is missing or has no such messages, or has none in the languages asked for
 */
export async function readCataloguePairs(
  { source_lang, target_lang }: Languages,
  corpus: CorpusBuilder,
  resolveFrom: readonly string[] = [import.meta.url, join(process.cwd(), 'package.json')],
): Promise<string> {
  if (source_lang !== 'en') {
    throw new DataError(`The typescript catalogue cannot be read from "${source_lang}"; expected source_lang "en".`, {
      hint: 'The messages were written in English and translated from it.',
    });
  }
  const path = locateTypescript(resolveFrom);
  const library = dirname(path);
  const translations = await readTranslations(library, target_lang);
  const parsed = description.safeParse(parseJson(await readSmallText(join(library, '../package.json'))));
  const messages = parseTypescriptMessages(await readSmallText(path));
  if (!parsed.success || messages.length === 0) {
    throw new DataError(`${path} has no list of messages; expected typescript 5.`, { hint: INSTALL_HINT });
  }
  const { version } = parsed.data;
  messages.sort((a, b) => a.code - b.code || (a.key < b.key ? -1 : 1));
  const file = `messages of typescript ${version} by code`;
  for (const { code, key, message } of messages) {
    const translation = Object.hasOwn(translations, key) ? translations[key] : undefined;
    if (translation === undefined) {
      corpus.report({ file, line: code, reason: 'unpaired', detail: `${key} has no translation` });
    } else {
      corpus.addPair({ source: message, target: translation, line: code }, file);
    }
  }
  return `typescript ${version} en-${target_lang}`;
}

function locateTypescript(resolveFrom: readonly string[]): string {
  for (const origin of resolveFrom) {
    try {
      return createRequire(origin).resolve('typescript');
    } catch (cause) {
      if (errorCode(cause) === 'MODULE_NOT_FOUND') continue;
      throw new DataError(`The package typescript cannot be found from ${origin}: ${errorText(cause)}.`, {
        cause,
        hint: INSTALL_HINT,
      });
    }
  }
  throw new DataError('The package typescript, whose messages are the corpus, is not installed.', {
    hint: INSTALL_HINT,
  });
}

async function readTranslations(library: string, language: string): Promise<Readonly<Record<string, string>>> {
  const available = await listLanguages(library);
  if (!available.includes(language)) {
    const expected = available.length === 0 ? 'no catalogue is there' : `there are: ${available.join(', ')}`;
    throw new DataError(`${library} has no messages in "${language}"; ${expected}.`, {
      hint: available.length === 0 ? INSTALL_HINT : 'Set data.target_lang to one of them.',
    });
  }
  const path = join(library, language, CATALOGUE);
  const parsed = catalogue.safeParse(parseJson(await readSmallText(path)));
  if (!parsed.success) throw new DataError(`${path} is not a message catalogue.`, { hint: INSTALL_HINT });
  return parsed.data;
}

async function listLanguages(library: string): Promise<string[]> {
  const entries = await readdir(library, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const contents = await Promise.all(folders.map((folder) => readdir(join(library, folder))));
  return folders.filter((_, index) => contents[index]?.includes(CATALOGUE)).sort();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
