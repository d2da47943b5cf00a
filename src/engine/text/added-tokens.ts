/**
 * Tokens that are matched in text by their spelling, before SentencePiece sees it: the special tokens `</s>`, `<unk>`
 * and `<pad>`, and those a user added to the tokenizer. As the slow tokenizers of transformers 4 (`tokens_trie`).
 */
import { stripEnd, stripStart } from './python-strip.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Left out by `skip_special_tokens`. */
  readonly isSpecial: boolean;
  /** Takes the white space before it with it. */
  readonly stripsLeft: boolean;
  readonly stripsRight: boolean;
}

export class AddedTokens {
  readonly #byContent: ReadonlyMap<string, AddedToken>;
  readonly #byId: ReadonlyMap<number, AddedToken>;
  readonly #pattern: RegExp;

  constructor(tokens: readonly AddedToken[]) {
    const spelled = tokens.filter(({ content }) => content !== '');
    this.#byContent = new Map(spelled.map((token) => [token.content, token]));
    this.#byId = new Map(spelled.map((token) => [token.id, token]));
    // Alternatives are tried in order: the longest of those that start at one place wins.
    const alternatives = [...this.#byContent.keys()].sort((a, b) => b.length - a.length).map(escapeForRegExp);
    this.#pattern = new RegExp(alternatives.length > 0 ? `(${alternatives.join('|')})` : '(?!)', 'u');
  }

  byContent(content: string): AddedToken | undefined {
    return this.#byContent.get(content);
  }

  byId(id: number): AddedToken | undefined {
    return this.#byId.get(id);
  }

  /** Cuts a text into added tokens and the text between them; nothing empty is given. */
  split(text: string): (AddedToken | string)[] {
    if (!this.#pattern.test(text)) return text === '' ? [] : [text];
    // A capturing split gives text and token in turn.
    const parts = text.split(this.#pattern);
    const result: (AddedToken | string)[] = [];
    for (const [i, part] of parts.entries()) {
      const token = i % 2 === 1 ? this.#byContent.get(part) : undefined;
      if (token !== undefined) {
        result.push(token);
        continue;
      }
      let between = part;
      if (this.#byContent.get(parts[i - 1] ?? '')?.stripsRight) between = stripStart(between);
      if (this.#byContent.get(parts[i + 1] ?? '')?.stripsLeft) between = stripEnd(between);
      if (between !== '') result.push(between);
    }
    return result;
  }
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
