/**
 * Tokens that are matched in text by their spelling, before SentencePiece sees it: the special tokens `</s>`, `<unk>`
 * and `<pad>`, and those a user added to the tokenizer. As the slow tokenizers of transformers 4 (`tokens_trie`).
 */
import { ByteTrie } from './byte-trie.ts';
import { stripEnd, stripStart } from './python-strip.ts';
import { utf8Length } from './utf8-length.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Left out by `skip_special_tokens`. */
  readonly isSpecial: boolean;
  /** Takes the white space before it with it. */
  readonly stripsLeft: boolean;
  readonly stripsRight: boolean;
}

const FEW_BEGINNINGS = 8;

export class AddedTokens {
  readonly #byContent: ReadonlyMap<string, AddedToken>;
  readonly #byId: ReadonlyMap<number, AddedToken>;
  readonly #spellings: ByteTrie;
  /** Where these are few, a text without any of them has no token, which is quickly said of most texts. */
  readonly #beginnings: readonly string[];

  constructor(tokens: readonly AddedToken[]) {
    const spelled = tokens.filter(({ content }) => content !== '');
    this.#byContent = new Map(spelled.map((token) => [token.content, token]));
    this.#byId = new Map(spelled.map((token) => [token.id, token]));
    this.#spellings = new ByteTrie([...this.#byContent.keys()].map((content, at) => [Buffer.from(content), at]));
    this.#beginnings = [...new Set(spelled.map(({ content }) => content.charAt(0)))];
  }

  byContent(content: string): AddedToken | undefined {
    return this.#byContent.get(content);
  }

  byId(id: number): AddedToken | undefined {
    return this.#byId.get(id);
  }

  /** Cuts a text into added tokens and the text between them; nothing empty is given. */
  split(text: string): (AddedToken | string)[] {
    const parts = this.#cut(text);
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

  /** Gives text and spelling in turn, from text to text. Of the spellings that start at one place the longest counts. */
  #cut(text: string): string[] {
    const hasFew = this.#beginnings.length <= FEW_BEGINNINGS;
    if (hasFew && !this.#beginnings.some((beginning) => text.includes(beginning))) return [text];
    const bytes = Buffer.from(text);
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; ) {
      const length = this.#spellings.longestPrefix(bytes, at, bytes.length);
      if (length > 0) {
        parts.push(bytes.toString('utf8', from, at), bytes.toString('utf8', at, at + length));
        from = at + length;
      }
      at += length || utf8Length(bytes[at] ?? 0);
    }
    return parts.length === 0 ? [text] : [...parts, bytes.toString('utf8', from)];
  }
}
