/** YAML as the library reads it, in time that does not depend on how faulty it is. */
import { Composer, type CST, type Document, type LineCounter, type ParseOptions, Parser, YAMLParseError } from 'yaml';

type YamlOptions = NonNullable<ConstructorParameters<typeof Composer>[0]> &
  ParseOptions & { lineCounter?: LineCounter };

/** Nobody is told of more; each costs as much as ten sound lines. */
const MOST_ERROR_TOKENS = 20;

/**
 * Parses the one document of a text, as `parseDocument` does. What comes after `MOST_ERROR_TOKENS` that can stand nowhere is
 * not read, and errors carry no stack, which takes longer to make than they do.
 *
 * @returns the document, with what is wrong among its `errors`
 */
export function parseYamlDocument(text: string, options: YamlOptions): Document.Parsed {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const tokens = withFewErrors(new Parser(options.lineCounter?.addNewLine).parse(text));
    const documents = new Composer(options).compose(tokens, true, text.length);
    const first = documents.next().value as Document.Parsed; // there is always one
    const second = documents.next().value as Document.Parsed | undefined;
    if (second !== undefined) {
      const [start, end] = second.range;
      first.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'Source contains multiple documents'));
    }
    return first;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function* withFewErrors(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let errors = 0;
  for (const token of tokens) {
    if (token.type === 'error' && ++errors > MOST_ERROR_TOKENS) return;
    yield token;
  }
}
