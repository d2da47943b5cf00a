import type { CorpusBuilder } from '../corpus-builder.ts';
import { listCorpusFiles } from '../corpus-files.ts';
import { defineFormat, type Languages } from '../corpus-format.ts';
import { detached } from '../encoding.ts';
import { MAX_LINE_BYTES } from '../line-splitter.ts';
import { addMessage, type CatalogueHeader, findCharset, parseHeader } from '../message-pairs.ts';
import { readLines } from '../read-lines.ts';
import { unescapePo } from '../unescape-po.ts';

/**
 * Catalogues of gettext as translators edit them, one or a folder of them. Fuzzy, obsolete (`#~`) and untranslated
 * messages, and catalogues whose header names another language, are left out and counted. Of plurals see
 * message-pairs.ts. The line of a pair is that of its `msgid`.
 */
export const po = defineFormat(
  'po',
  async ({ path }, languages, corpus) => {
    const { name, files } = await listCorpusFiles(path, ['.po']);
    for (const file of files) {
      const reader = new PoReader(file, languages, corpus);
      const lines = readLines(file, corpus.note, (start) => findCharset(start.toString('latin1')));
      for await (const line of lines) {
        if (line.text !== null) reader.line(line.text, line.number);
        else reader.spoil(line.reason, line.detail, line.number);
      }
      reader.end();
    }
    return name;
  },
  { 'other-language': 'Set data.source_lang and data.target_lang to languages that it has.' },
);

interface Problem {
  readonly reason: 'malformed' | 'not-utf8';
  readonly detail: string;
  readonly line: number;
}

/** A message as far as it has been read. */
interface Entry {
  /** Of msgid; 0 before it. */
  line: number;
  isFuzzy: boolean;
  /** By keyword: msgctxt, msgid, msgid_plural, msgstr[0] … */
  readonly texts: Map<string, string>;
  /** The keyword that the next string goes on. */
  keyword: string;
  length: number;
  problem: Problem | null;
}

const STATEMENT = /^(msgctxt|msgid|msgid_plural|msgstr(?:\[(\d{1,3})\])?)\s*(".*)$/s;

class PoReader {
  readonly #file: string;
  readonly #languages: Languages;
  readonly #corpus: CorpusBuilder;
  #header: CatalogueHeader = { language: '' };
  #entry: Entry = emptyEntry();

  constructor(file: string, languages: Languages, corpus: CorpusBuilder) {
    this.#file = file;
    this.#languages = languages;
    this.#corpus = corpus;
  }

  line(raw: string, number: number): void {
    const text = raw.trim();
    // An empty line may stand anywhere in a message that has no translation yet.
    if (text === '' && (this.#isTranslated() || this.#entry.problem !== null)) this.end();
    else if (text === '') return;
    else if (text.startsWith('#')) this.#comment(text, number);
    else if (text.startsWith('"')) this.#string(text, number);
    else this.#statement(text, number);
  }

  /** Marks the message at this line as unusable. */
  spoil(reason: Problem['reason'], detail: string, line: number): void {
    this.#entry.problem ??= { reason, detail, line };
  }

  /** Completes the message that is open. */
  end(): void {
    const { line, texts, problem, isFuzzy } = this.#entry;
    this.#entry = emptyEntry();
    const report = (reason: 'malformed' | 'fuzzy', detail: string): void =>
      this.#corpus.report({ file: this.#file, line, reason, detail });
    if (problem !== null) {
      this.#corpus.report({ file: this.#file, ...problem });
      return;
    }
    if (line === 0) return;
    const singular = texts.get('msgid') ?? '';
    const plural = texts.get('msgid_plural') ?? null;
    const first = texts.get(plural === null ? 'msgstr' : 'msgstr[0]');
    if (first === undefined) report('malformed', `no ${plural === null ? 'msgstr' : 'msgstr[0]'}`);
    else if (singular === '' && !texts.has('msgctxt')) this.#header = parseHeader(first);
    else if (isFuzzy) report('fuzzy', 'marked fuzzy: a guess nobody has confirmed');
    else {
      const translations = [detached(first)];
      for (let form = plural === null ? undefined : texts.get('msgstr[1]'); form !== undefined; ) {
        translations.push(detached(form));
        form = texts.get(`msgstr[${translations.length}]`);
      }
      const message = {
        line,
        singular: detached(singular),
        plural: plural === null ? null : detached(plural),
        translations,
      };
      addMessage(message, this.#header, this.#languages, this.#file, this.#corpus);
    }
  }

  #isTranslated(): boolean {
    return this.#entry.keyword.startsWith('msgstr');
  }

  #comment(text: string, line: number): void {
    if (text.startsWith('#~')) {
      this.end();
      if (/^#~\s*msgid\s/.test(text)) {
        this.#corpus.report({ file: this.#file, line, reason: 'obsolete', detail: 'no longer in the program' });
      }
      return;
    }
    // Comments stand before a message: one after msgstr begins the next.
    if (this.#isTranslated()) this.end();
    if (/^#,.*\bfuzzy\b/.test(text)) this.#entry.isFuzzy = true;
  }

  #statement(text: string, line: number): void {
    const [, keyword, form, literal] = STATEMENT.exec(text) ?? [];
    if (keyword === undefined || literal === undefined) {
      this.spoil(
        'malformed',
        `reads ${JSON.stringify(text.slice(0, 60))}; expected msgid, msgstr, a string or a comment`,
        line,
      );
      return;
    }
    const beginsMessage = keyword === 'msgctxt' || keyword === 'msgid';
    if (beginsMessage && (this.#isTranslated() || this.#entry.texts.has('msgid'))) this.end();
    if (keyword === 'msgid') this.#entry.line = line;
    const name = form === undefined ? keyword : `msgstr[${Number(form)}]`;
    if (this.#entry.texts.has(name)) this.spoil('malformed', `a second ${name}`, line);
    if (keyword.startsWith('msgstr') && this.#entry.line === 0)
      this.spoil('malformed', `${name} before any msgid`, line);
    this.#entry.keyword = name;
    this.#entry.texts.set(name, '');
    this.#string(literal, line);
  }

  #string(literal: string, line: number): void {
    const entry = this.#entry;
    const text = unescapePo(literal);
    entry.length += literal.length;
    if (entry.keyword === '') this.spoil('malformed', 'a string before any msgid', line);
    else if (text === null) this.spoil('malformed', `is no string: ${JSON.stringify(literal.slice(0, 60))}`, line);
    else if (entry.length > MAX_LINE_BYTES) {
      this.spoil('malformed', `a message of more than ${MAX_LINE_BYTES} characters`, line);
    } else entry.texts.set(entry.keyword, (entry.texts.get(entry.keyword) ?? '') + text);
  }
}

function emptyEntry(): Entry {
  return { line: 0, isFuzzy: false, texts: new Map(), keyword: '', length: 0, problem: null };
}
