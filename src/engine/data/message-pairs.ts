/** What PO and MO catalogues share: messages to pairs, and what the header says of the language. */
import type { CorpusBuilder } from './corpus-builder.ts';
import type { Languages } from './corpus-format.ts';
import { matchLanguage } from './match-language.ts';

/** A message with its translations: one, or one for each plural form. */
export interface Message {
  readonly line: number;
  readonly singular: string;
  /** Null for a message without plural. */
  readonly plural: string | null;
  readonly translations: readonly string[];
}

/** What the first message of a catalogue, whose text is empty, tells in its translation. */
export interface CatalogueHeader {
  /** Empty where nothing is said. */
  readonly language: string;
}

/** Reads the fields `Name: value` of a header. */
export function parseHeader(text: string): CatalogueHeader {
  return { language: /^Language:[ \t]*(\S+)/im.exec(text)?.[1] ?? '' };
}

/** The encoding that a header in the raw start of a file names; `CHARSET` stands in templates for none yet. */
export function findCharset(start: string): string {
  const found = /^"?Content-Type:[^"\n]*charset=([^\s"\\;]+)/im.exec(start)?.[1] ?? 'utf-8';
  return found === 'CHARSET' ? 'utf-8' : found;
}

/**
 * Adds the pairs of a message: the text with the first form, the plural with the second. Further forms, which some
 * languages have, would pair the same source with several targets: they are passed over and counted. Contexts are no part
 * of a text.
 */
export function addMessage(
  message: Message,
  header: CatalogueHeader,
  { target_lang }: Languages,
  file: string,
  corpus: CorpusBuilder,
): void {
  const { line, singular, plural, translations } = message;
  if (header.language !== '' && matchLanguage(target_lang, header.language) === 0) {
    corpus.report({ file, line, reason: 'other-language', detail: `the catalogue is in "${header.language}"` });
    return;
  }
  const [first = '', second] = translations;
  const add = (source: string, target: string): void => {
    if (target !== '') corpus.addPair({ source, target, line }, file);
    else corpus.report({ file, line, reason: 'untranslated', detail: `no translation of ${excerpt(source)}` });
  };
  add(singular, first);
  if (plural !== null && second !== undefined) add(plural, second);
  corpus.passOver('plural forms beyond the second were passed over: a plural has one source.', translations.length - 2);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
