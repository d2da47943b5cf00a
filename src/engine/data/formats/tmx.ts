import type { CorpusBuilder } from '../corpus-builder.ts';
import { listCorpusFiles } from '../corpus-files.ts';
import { defineFormat, type Languages } from '../corpus-format.ts';
import { matchLanguage } from '../match-language.ts';
import { readXml, type XmlListener } from '../read-xml.ts';
import { SegmentText } from '../segment-text.ts';

/**
 * Translation memories in TMX 1.4 and before, one or a folder of them. A unit (`<tu>`) gives one pair: of each language the
 * text whose language is the one asked for, or else the first that is a variety of it (`en-US` for `en`). White space is
 * kept as it stands, as the standard has it; of inline codes see segment-text.ts. The line of a pair is its unit's.
 */
export const tmx = defineFormat(
  'tmx',
  async ({ path }, languages, corpus) => {
    const { name, files } = await listCorpusFiles(path, ['.tmx']);
    for (const file of files) {
      const reader = new TmxReader(file, languages, corpus);
      await readXml(file, 'tmx', reader);
      reader.end();
    }
    return name;
  },
  { unpaired: 'Set data.source_lang and data.target_lang to languages that it has.' },
);

/** What a unit has in one of the languages. */
interface Side {
  match: number;
  text: string | null;
}

interface Unit {
  readonly line: number;
  readonly source: Side;
  readonly target: Side;
  /** The first few, for the user. */
  readonly languages: string[];
  /** Why the unit cannot be used. */
  problem: { reason: 'malformed' | 'not-utf8'; detail: string } | null;
}

const LANGUAGES_SHOWN = 10;

class TmxReader implements XmlListener {
  readonly #file: string;
  readonly #languages: Languages;
  readonly #corpus: CorpusBuilder;
  #unit: Unit | null = null;
  /** The side that the open `<tuv>` is for. */
  #side: Side | null = null;
  #segment: SegmentText | null = null;
  #textsPassedOver = 0;

  constructor(file: string, languages: Languages, corpus: CorpusBuilder) {
    this.#file = file;
    this.#languages = languages;
    this.#corpus = corpus;
  }

  open(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (this.#segment !== null) this.#segment.open(name);
    else if (name === 'tu') this.#openUnit(line);
    else if (name === 'tuv' && this.#unit !== null) this.#openVariant(this.#unit, attributes);
    else if (name === 'seg' && this.#side !== null) this.#segment = new SegmentText();
  }

  text(text: string): void {
    this.#segment?.add(text);
  }

  close(name: string): void {
    if (this.#segment !== null) {
      if (this.#segment.close()) this.#closeSegment(this.#segment);
    } else if (name === 'tuv') this.#side = null;
    else if (name === 'tu' && this.#unit !== null) this.#closeUnit(this.#unit);
  }

  fault(detail: string, line: number): void {
    if (this.#unit === null) this.#corpus.report({ file: this.#file, line, reason: 'malformed', detail });
    else this.#unit.problem ??= { reason: 'malformed', detail };
  }

  end(): void {
    if (this.#textsPassedOver === 0) return;
    this.#corpus.note(
      `${this.#file}: ${this.#textsPassedOver} texts were passed over: their units have a nearer one, or an earlier one as near, in the same language.`,
    );
  }

  #openUnit(line: number): void {
    if (this.#unit !== null) this.fault('a <tu> inside a <tu>', line);
    const side = (): Side => ({ match: 0, text: null });
    this.#unit ??= { line, source: side(), target: side(), languages: [], problem: null };
  }

  #openVariant(unit: Unit, attributes: Readonly<Record<string, string>>): void {
    const language = attributes['xml:lang'] ?? attributes.lang ?? '';
    if (unit.languages.length < LANGUAGES_SHOWN) unit.languages.push(language.slice(0, 60));
    const asSource = matchLanguage(this.#languages.source_lang, language);
    const asTarget = matchLanguage(this.#languages.target_lang, language);
    const match = Math.max(asSource, asTarget);
    if (match === 0) return;
    // Where one language is a variety of the other, a text counts for the one it fits better.
    const side = asSource > asTarget ? unit.source : unit.target;
    if (side.match > 0) this.#textsPassedOver += 1;
    if (match <= side.match) return;
    side.match = match;
    side.text = null;
    this.#side = side;
  }

  #closeSegment(segment: SegmentText): void {
    this.#segment = null;
    if (this.#unit === null || this.#side === null) return;
    const found = segment.finish();
    if ('reason' in found) this.#unit.problem ??= found;
    else if (this.#side.text !== null) this.#unit.problem ??= { reason: 'malformed', detail: 'two <seg> in one <tuv>' };
    else this.#side.text = found.text;
  }

  #closeUnit({ line, source, target, languages, problem }: Unit): void {
    this.#unit = null;
    this.#side = null;
    const { source_lang, target_lang } = this.#languages;
    if (problem !== null) {
      this.#corpus.report({ file: this.#file, line, ...problem });
    } else if (source.text === null || target.text === null) {
      const missing = [...(source.text === null ? [source_lang] : []), ...(target.text === null ? [target_lang] : [])];
      const detail = `no ${quoted(missing)}; it has ${quoted(languages) || 'nothing'}`;
      this.#corpus.report({ file: this.#file, line, reason: 'unpaired', detail });
    } else {
      this.#corpus.addPair({ source: source.text, target: target.text, line }, this.#file);
    }
  }
}

function quoted(languages: readonly string[]): string {
  return languages.map((language) => JSON.stringify(language)).join(' and ');
}
