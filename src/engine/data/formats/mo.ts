import { TextDecoder } from 'node:util';
import { DataError } from '../../../errors.ts';
import { gatherBytes } from '../../files/read-small-file.ts';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { listCorpusFiles } from '../corpus-files.ts';
import { defineFormat, type Languages } from '../corpus-format.ts';
import { openDecoder, REPLACEMENT_CHARACTER } from '../encoding.ts';
import { MAX_LINE_BYTES } from '../line-splitter.ts';
import { addMessage, type CatalogueHeader, findCharset, parseHeader } from '../message-pairs.ts';
import { fileSource, readingError } from '../read-bytes.ts';

/**
 * Catalogues of gettext as programs load them, one or a folder of them, in either byte order. What stands for the line of
 * a pair is the number of its message in the file. Of plurals see message-pairs.ts.
 */
export const mo = defineFormat(
  'mo',
  async ({ path }, languages, corpus) => {
    const { name, files } = await listCorpusFiles(path, ['.mo']);
    for (const file of files) new MoFile(file, await readWhole(file)).addPairs(languages, corpus);
    return name;
  },
  { 'other-language': 'Set data.source_lang and data.target_lang to languages that it has.' },
);

/** Programs load a catalogue whole, so it is small; its tables point anywhere, so it is not read in order. */
const MAX_FILE_BYTES = 1 << 26;

/** GNU gettext manual, "The Format of GNU MO Files": the header's fields and where they lie. */
const MAGIC = 0x950412de;
const HEADER_BYTES = 28;
const COUNT_AT = 8;
const ORIGINALS_AT = 12;
const TRANSLATIONS_AT = 16;
const DESCRIPTOR_BYTES = 8;

async function readWhole(file: string): Promise<Buffer> {
  try {
    return await gatherBytes(fileSource(file).open(), MAX_FILE_BYTES);
  } catch (error) {
    throw readingError(file, 0, error);
  }
}

class MoFile {
  readonly #file: string;
  readonly #bytes: Buffer;
  readonly #isLittleEndian: boolean;
  /** What the strings of a sound file can add up to; more of them share their bytes to blow up in memory. */
  #bytesLeft: number;
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @throws {DataError} when the header is none or its tables leave the file */
  constructor(file: string, bytes: Buffer) {
    this.#file = file;
    this.#bytes = bytes;
    this.#bytesLeft = 4 * bytes.length;
    if (bytes.length < HEADER_BYTES) throw this.#error(`${bytes.length} bytes; a header alone has ${HEADER_BYTES}`);
    this.#isLittleEndian = bytes.readUInt32LE(0) === MAGIC;
    if (!this.#isLittleEndian && bytes.readUInt32BE(0) !== MAGIC) {
      throw this.#error(`it starts with 0x${bytes.subarray(0, 4).toString('hex')}`);
    }
    const revision = this.#number(4) >>> 16;
    if (revision > 1) throw this.#error(`its major revision is ${revision}; expected 0 or 1`);
    for (const at of [ORIGINALS_AT, TRANSLATIONS_AT]) {
      const end = this.#number(at) + this.#number(COUNT_AT) * DESCRIPTOR_BYTES;
      if (end > bytes.length) throw this.#error(`a table ends at byte ${end} of ${bytes.length}`);
    }
  }

  addPairs(languages: Languages, corpus: CorpusBuilder): void {
    let header: CatalogueHeader = { language: '' };
    const count = this.#number(COUNT_AT);
    for (let index = 0; index < count; index++) {
      const original = this.#string(ORIGINALS_AT, index);
      const translation = this.#string(TRANSLATIONS_AT, index);
      const line = index + 1;
      if (!Buffer.isBuffer(original) || !Buffer.isBuffer(translation)) {
        const detail = Buffer.isBuffer(original) ? `the translation ${String(translation)}` : `the message ${original}`;
        corpus.report({ file: this.#file, line, reason: 'malformed', detail });
      } else if (original.length === 0) {
        // The empty message is the header; sorted, it comes first.
        this.#decoder = openDecoder(findCharset(translation.toString('latin1')), this.#file, true);
        header = parseHeader(this.#decoder.decode(translation));
      } else {
        this.#addMessage(original, translation, line, header, languages, corpus);
      }
    }
  }

  #addMessage(
    original: Buffer,
    translation: Buffer,
    line: number,
    header: CatalogueHeader,
    languages: Languages,
    corpus: CorpusBuilder,
  ): void {
    const withContext = this.#decoder.decode(original);
    const translations = this.#decoder.decode(translation);
    if ((withContext + translations).includes(REPLACEMENT_CHARACTER)) {
      const detail = `reads as ${JSON.stringify([withContext.slice(0, 60), translations.slice(0, 60)])}`;
      corpus.report({ file: this.#file, line, reason: 'not-utf8', detail });
      return;
    }
    const text = withContext.slice(withContext.indexOf('\u0004') + 1);
    const [singular = '', plural = null] = text.split('\0', 2);
    const forms = translations.split('\0');
    addMessage({ line, singular, plural, translations: forms }, header, languages, this.#file, corpus);
  }

  /** The bytes of a string, or what is wrong with it. @throws {DataError} when all together are more than can be */
  #string(table: number, index: number): Buffer | string {
    const at = this.#number(table) + index * DESCRIPTOR_BYTES;
    const length = this.#number(at);
    const start = this.#number(at + 4);
    if (start + length > this.#bytes.length) return `ends at byte ${start + length} of ${this.#bytes.length}`;
    if (length > MAX_LINE_BYTES) return `is ${length} bytes long; at most ${MAX_LINE_BYTES} are read`;
    this.#bytesLeft -= length;
    if (this.#bytesLeft < 0) throw this.#error('its strings lie over one another');
    return this.#bytes.subarray(start, start + length);
  }

  #number(at: number): number {
    return this.#isLittleEndian ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }

  #error(what: string): DataError {
    return new DataError(`${this.#file} is no MO catalogue: ${what}.`, { hint: `See: msgunfmt ${this.#file}` });
  }
}
