/**
 * How deep a YAML text is nested, found without the library's parser: that recurses, and where the stack is nearly full as V8
 * compiles a regular expression, the process is ended, which no `catch` sees.
 */
import { CST, Lexer } from 'yaml';

/** Nothing that people write is nested as deep. */
const MAX_DEPTH = 64;

/** Says whether more lists and mappings stand in each other than people write. */
export function isYamlNestedTooDeeply(text: string): boolean {
  /** The lines that the present one may stand in, each further to the right than the one before, with what they open. */
  const lines: { readonly indent: number; opened: number }[] = [];
  let inLines = 0;
  let inBrackets = 0;
  let column = 0;
  let isLineStart = true;
  let isText = false;
  for (const token of new Lexer().lex(text)) {
    // A mark without width stands before a text, which may look like anything.
    const type = isText ? 'scalar' : CST.tokenType(token);
    isText = token === CST.SCALAR;
    if (isText || token === CST.DOCUMENT || token === CST.FLOW_END) continue;
    if (isLineStart && inBrackets === 0 && type !== 'space' && type !== 'newline' && type !== 'comment') {
      isLineStart = false;
      while ((lines.at(-1)?.indent ?? -1) >= column) inLines -= lines.pop()?.opened ?? 0;
      lines.push({ indent: column, opened: 0 });
    }
    const line = lines.at(-1);
    if (type === 'flow-seq-start' || type === 'flow-map-start') inBrackets += 1;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') inBrackets = Math.max(0, inBrackets - 1);
    else if (inBrackets === 0 && line !== undefined && OPENING.has(type)) {
      line.opened += 1;
      inLines += 1;
    }
    if (inLines + inBrackets > MAX_DEPTH) return true;
    const lineEnd = token.lastIndexOf('\n');
    if (lineEnd >= 0) isLineStart = true;
    column = lineEnd >= 0 ? token.length - 1 - lineEnd : column + token.length;
  }
  return false;
}

/** What opens a list or a mapping outside of brackets; on one line each stands in the one before. */
const OPENING: ReadonlySet<unknown> = new Set(['seq-item-ind', 'explicit-key-ind', 'map-value-ind']);
