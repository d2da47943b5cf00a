import { stripBoth } from '../../text/python-strip.ts';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { listCorpusFiles } from '../corpus-files.ts';
import { defineFormat, type Languages } from '../corpus-format.ts';
import { matchLanguage } from '../match-language.ts';
import { readXml, type XmlListener } from '../read-xml.ts';
import { SegmentText } from '../segment-text.ts';

/**
 * XLIFF 1.2 and 2, a file or a folder of them. A `<trans-unit>` (1.2) or a `<segment>` (2) gives one pair. Left out and
 * counted: those without a translation or whose state says that it is none yet (`untranslated`), those that await review
 * (`fuzzy`, as PO calls them), those of files in other languages (`other-language`). Proposals (`<alt-trans>`, matches) are
 * no pairs. `approved` decides nothing: most translations that were never signed off say "no".
 */
export const xliff = defineFormat(
  'xliff',
  async ({ path }, languages, corpus) => {
    const { name, files } = await listCorpusFiles(path, ['.xlf', '.xliff']);
    for (const file of files) await readXml(file, 'xliff', new XliffReader(file, languages, corpus));
    return name;
  },
  { 'other-language': 'Set data.source_lang and data.target_lang to languages that it has.' },
);

/** XLIFF 1.2 section 2.6.1 and XLIFF 2.0 section 4.3.1.30: states in which the target is not this text's translation. */
const UNTRANSLATED_STATES = new Set(['new', 'needs-translation', 'needs-l10n', 'needs-adaptation', 'initial']);
const REVIEW_STATES = new Set(['needs-review-translation', 'needs-review-l10n', 'needs-review-adaptation']);

interface Unit {
  readonly line: number;
  source: string | null;
  target: string | null;
  /** Of the segment in XLIFF 2, of the target in 1.2. */
  state: string;
  problem: { reason: 'malformed' | 'not-utf8'; detail: string } | null;
}

class XliffReader implements XmlListener {
  readonly #file: string;
  readonly #languages: Languages;
  readonly #corpus: CorpusBuilder;
  readonly #parents: string[] = [];
  /** What the file says; empty where it says nothing. */
  #sourceLanguage = '';
  #targetLanguage = '';
  #unit: Unit | null = null;
  #segment: { readonly side: 'source' | 'target'; readonly text: SegmentText } | null = null;

  constructor(file: string, languages: Languages, corpus: CorpusBuilder) {
    this.#file = file;
    this.#languages = languages;
    this.#corpus = corpus;
  }

  open(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (this.#segment !== null) {
      this.#segment.text.open(name);
      return;
    }
    const parent = this.#parents.at(-1);
    this.#parents.push(name);
    if (name === 'xliff') this.#setLanguages(attributes.srcLang, attributes.trgLang);
    else if (name === 'file' && attributes['source-language'] !== undefined) {
      this.#setLanguages(attributes['source-language'], attributes['target-language']);
    } else if (isUnit(name)) this.#openUnit(attributes.state ?? '', line);
    else if ((name === 'source' || name === 'target') && isUnit(parent) && this.#unit !== null) {
      this.#segment = { side: name, text: new SegmentText() };
      if (name === 'target') this.#unit.state ||= attributes.state ?? '';
    }
  }

  text(text: string): void {
    this.#segment?.text.add(text);
  }

  close(name: string): void {
    if (this.#segment !== null && !this.#segment.text.close()) return;
    this.#parents.pop();
    if (this.#segment !== null) this.#closeSide(this.#segment.side, this.#segment.text);
    else if (isUnit(name) && this.#unit !== null) this.#closeUnit(this.#unit);
  }

  fault(detail: string, line: number): void {
    if (this.#unit === null) this.#corpus.report({ file: this.#file, line, reason: 'malformed', detail });
    else this.#unit.problem ??= { reason: 'malformed', detail };
  }

  #setLanguages(source: string | undefined, target: string | undefined): void {
    this.#sourceLanguage = source ?? '';
    this.#targetLanguage = target ?? '';
  }

  #openUnit(state: string, line: number): void {
    if (this.#unit !== null) this.fault('a unit inside a unit', line);
    this.#unit ??= { line, source: null, target: null, state, problem: null };
  }

  #closeSide(side: 'source' | 'target', segment: SegmentText): void {
    this.#segment = null;
    if (this.#unit === null) return;
    const found = segment.finish();
    if ('reason' in found) this.#unit.problem ??= found;
    else if (this.#unit[side] !== null) this.#unit.problem ??= { reason: 'malformed', detail: `two <${side}>` };
    else this.#unit[side] = found.text;
  }

  #closeUnit({ line, source, target, state, problem }: Unit): void {
    this.#unit = null;
    const report = (reason: 'unpaired' | 'untranslated' | 'fuzzy' | 'other-language', detail: string): void =>
      this.#corpus.report({ file: this.#file, line, reason, detail });
    if (problem !== null) this.#corpus.report({ file: this.#file, line, ...problem });
    else if (!this.#isOfLanguages()) {
      report('other-language', `from "${this.#sourceLanguage}" into "${this.#targetLanguage}"`);
    } else if (source === null) report('unpaired', 'no <source>');
    else if (target === null) report('untranslated', 'no <target>');
    else if (UNTRANSLATED_STATES.has(state)) report('untranslated', `its state is ${state}`);
    else if (REVIEW_STATES.has(state)) report('fuzzy', `its state is ${state}`);
    else if (stripBoth(target) === '' && stripBoth(source) !== '') report('untranslated', 'the target is empty');
    else this.#corpus.addPair({ source, target, line }, this.#file);
  }

  #isOfLanguages(): boolean {
    const { source_lang, target_lang } = this.#languages;
    const isOf = (wanted: string, found: string): boolean => found === '' || matchLanguage(wanted, found) > 0;
    return isOf(source_lang, this.#sourceLanguage) && isOf(target_lang, this.#targetLanguage);
  }
}

function isUnit(name: string | undefined): boolean {
  return name === 'trans-unit' || name === 'segment';
}
