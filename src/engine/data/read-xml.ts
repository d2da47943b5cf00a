/**
 * An XML file as events, streamed. No entity is known but XML's own five: a document type declaration is passed over
 * unread, so nothing outside the file is ever opened and nothing in it can multiply. What breaks the nesting of elements is
 * a DataError; a character or entity that cannot be is a `fault`, for the unit it stands in.
 */
import type { TextDecoder } from 'node:util';
import { SaxesParser } from 'saxes';
import { DataError } from '../../errors.ts';
import { openDecoder } from './encoding.ts';
import { fileSource, readingError } from './read-bytes.ts';

export interface XmlListener {
  /** `name` is without prefix; attributes are named as written. `line` is where the tag ends. */
  open(name: string, attributes: Readonly<Record<string, string>>, line: number): void;
  close(name: string, line: number): void;
  text(text: string): void;
  fault(message: string, line: number): void;
}

/** Longest tag, comment, declaration or text between tags, in characters; more is held by no sane document. */
const MAX_TOKEN_LENGTH = 1 << 24;
const MAX_DEPTH = 1000;

/** The faults that saxes goes on after with nothing lost but a character. */
const FAULTS: Readonly<Record<string, string>> = {
  'disallowed character.': 'a control character, which XML does not allow',
  'malformed character entity.': 'a character reference to no character',
  'undefined entity.': "an entity that is not XML's own; none is expanded",
};

/**
 * Reads an XML file in UTF-8, UTF-16 or the encoding it declares; `.gz` is unpacked.
 * @param root  the name of the outermost element
 * @throws {DataError} when the file cannot be read, is not well-formed, or is of another kind
 */
export async function readXml(path: string, root: string, listener: XmlListener): Promise<void> {
  const parser = new SaxesParser();
  // The parser's own object inherits from Object, so that &constructor; would be one.
  parser.ENTITIES = { __proto__: null, amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" } as never;
  let tokenStart = 0;
  let depth = 0;
  const endToken = (): void => {
    tokenStart = parser.position;
  };
  for (const type of ['comment', 'processinginstruction', 'doctype', 'xmldecl'] as const) parser.on(type, endToken);
  parser.on('opentag', ({ name, attributes }) => {
    endToken();
    depth += 1;
    if (depth === 1 && localName(name) !== root) throw kindError(path, root, localName(name));
    if (depth > MAX_DEPTH) throw structureError(path, parser.line, `more than ${MAX_DEPTH} elements in one another`);
    listener.open(localName(name), attributes, parser.line);
  });
  parser.on('closetag', ({ name }) => {
    endToken();
    depth -= 1;
    listener.close(localName(name), parser.line);
  });
  for (const type of ['text', 'cdata'] as const) {
    parser.on(type, (text) => {
      endToken();
      listener.text(text);
    });
  }
  parser.on('error', ({ message }) => {
    const what = message.replace(/^[\d:]+ /, '');
    const fault = FAULTS[what];
    if (fault === undefined) throw structureError(path, parser.line, what.replace(/\.$/, ''));
    listener.fault(fault, parser.line);
  });
  try {
    let decoder: TextDecoder | null = null;
    for await (const chunk of fileSource(path).open()) {
      decoder ??= openDecoder(findXmlEncoding(chunk), path);
      parser.write(decoder.decode(chunk, { stream: true }));
      if (parser.position - tokenStart > MAX_TOKEN_LENGTH) {
        throw structureError(path, parser.line, `more than ${MAX_TOKEN_LENGTH} characters without a tag`);
      }
    }
    parser.write(decoder?.decode() ?? '').close();
  } catch (error) {
    throw readingError(path, parser.line, error);
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function kindError(path: string, root: string, found: string): DataError {
  const format = FORMATS_BY_ROOT[found];
  return new DataError(`${path} begins with <${found.slice(0, 60)}>; <${root}> was expected.`, {
    hint:
      format === undefined
        ? 'Check data.corpus.format, and that it is the right file.'
        : `Set data.corpus.format to ${format}.`,
  });
}

const FORMATS_BY_ROOT: Readonly<Record<string, string>> = { __proto__: null as never, tmx: 'tmx', xliff: 'xliff' };

function structureError(path: string, line: number, what: string): DataError {
  return new DataError(`${path}, line ${line}: not well-formed XML: ${what}.`, {
    hint: `Nothing of the file is used. See what is wrong with: xmllint --noout --huge ${path}`,
  });
}

/** Extensible Markup Language 1.0, appendix F: the mark at the start, the shape of its first character, the declaration. */
function findXmlEncoding(start: Buffer): string {
  const mark = start.subarray(0, 3).toString('hex');
  if (mark === 'efbbbf') return 'utf-8';
  if (mark.startsWith('fffe') || mark.startsWith('3c00')) return 'utf-16le';
  if (mark.startsWith('feff') || mark.startsWith('003c')) return 'utf-16be';
  const declaration = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)/.exec(start.subarray(0, 200).toString('latin1'));
  const declared = declaration?.[1] ?? 'utf-8';
  // Tools that convert a file to UTF-8 leave "UTF-16" standing in it.
  return /^utf-?16/i.test(declared) ? 'utf-8' : declared;
}
