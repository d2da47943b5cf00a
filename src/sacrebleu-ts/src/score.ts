/** What every metric's result shares: a name, a number, and sacreBLEU's way to print them. */
import { formatFixed, formatFloat } from './python/format-number.ts';

export interface FormatOptions {
  /** Decimals of the score, 2 by default. */
  readonly width?: number;
  /** Only the number. */
  readonly scoreOnly?: boolean;
  /** Printed after the name, as given by `getSignature`. */
  readonly signature?: string;
  /** A JSON object instead of a line; needs the signature. */
  readonly isJson?: boolean;
}

export abstract class Score {
  readonly name: string;
  readonly score: number;

  constructor(name: string, score: number) {
    this.name = name;
    this.score = score;
  }

  /** What stands after the score in the text line. */
  abstract get verbose(): string;

  /**
   * The result as sacreBLEU prints it, such as
   * `BLEU = 46.75 91.7/54.5/40.0/33.3 (BP = 0.920 ratio = 0.923 hyp_len = 12 ref_len = 13)`.
   * @throws {RangeError} when JSON is asked for without a signature
   */
  format({ width = 2, scoreOnly = false, signature = '', isJson = false }: FormatOptions = {}): string {
    const score = formatFixed(this.score, width);
    if (scoreOnly) return score;
    if (isJson) return this.formatJson(score, signature);
    const name = signature === '' ? this.name : `${this.name}|${signature}`;
    return `${name} = ${score} ${this.verbose}`;
  }

  toString(): string {
    return this.format();
  }

  private formatJson(score: string, signature: string): string {
    if (signature === '') throw new RangeError('format: isJson needs the signature, as getSignature gives it.');
    const fields: [key: string, json: string][] = [
      ['name', JSON.stringify(this.name)],
      ['score', formatFloat(Number(score))],
      ['signature', JSON.stringify(signature)],
      ['verbose_score', JSON.stringify(this.verbose)],
      ...signature.split('|').map((part): [string, string] => {
        const [key = '', value = ''] = part.split(':');
        return [key, JSON.stringify(value)];
      }),
    ];
    return `{\n${fields.map(([key, json]) => ` ${JSON.stringify(key)}: ${json}`).join(',\n')}\n}`;
  }
}
