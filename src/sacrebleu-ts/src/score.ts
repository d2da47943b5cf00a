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
  /** Mean of a bootstrap's scores; null where none was made. */
  readonly mean: number | null = null;
  /** Half the width of the interval that holds 95 % of a bootstrap's scores; null where none was made. */
  readonly ci: number | null = null;

  constructor(name: string, score: number) {
    this.name = name;
    this.score = score;
  }

  /** What stands after the score in the text line; empty where nothing does. */
  abstract get verbose(): string;

  /** The same score with what a bootstrap told. */
  withConfidence({ mean, ci }: { readonly mean: number; readonly ci: number }): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, { mean, ci });
  }

  /**
   * The result as sacreBLEU prints it, such as
   * `BLEU = 46.75 91.7/54.5/40.0/33.3 (BP = 0.920 ratio = 0.923 hyp_len = 12 ref_len = 13)`.
   * @throws {RangeError} when JSON is asked for without a signature
   */
  format({ width = 2, scoreOnly = false, signature = '', isJson = false }: FormatOptions = {}): string {
    const confidence = this.formatConfidence(width);
    const score = `${formatFixed(this.score, width)}${confidence === null ? '' : ` (${confidence.text})`}`;
    if (scoreOnly) return score;
    if (isJson) return this.formatJson(width, signature);
    const name = signature === '' ? this.name : `${this.name}|${signature}`;
    return `${name} = ${score}${this.verbose === '' ? '' : ` ${this.verbose}`}`;
  }

  toString(): string {
    return this.format();
  }

  private formatConfidence(width: number): { mean: string; ci: string; text: string } | null {
    // sacreBLEU prints none where the mean is 0.
    if (this.mean === null || this.ci === null || !(this.mean > 0)) return null;
    const [mean, ci] = [formatFixed(this.mean, width), formatFixed(this.ci, width)];
    return { mean, ci, text: `μ = ${mean} ± ${ci}` };
  }

  private formatJson(width: number, signature: string): string {
    if (signature === '') throw new RangeError('format: isJson needs the signature, as getSignature gives it.');
    const number = (text: string): string => formatFloat(Number(text));
    const confidence = this.formatConfidence(width);
    const fields: [key: string, json: string][] = [
      ['name', JSON.stringify(this.name)],
      ['score', number(formatFixed(this.score, width))],
      ['signature', JSON.stringify(signature)],
    ];
    if (confidence !== null) {
      fields.push(['confidence_mean', number(confidence.mean)], ['confidence_var', number(confidence.ci)]);
      fields.push(['confidence', JSON.stringify(confidence.text)]);
    }
    if (this.verbose !== '') fields.push(['verbose_score', JSON.stringify(this.verbose)]);
    for (const part of signature.split('|')) {
      const [key = '', value = ''] = part.split(':');
      fields.push([key, JSON.stringify(value)]);
    }
    return `{\n${fields.map(([key, json]) => ` ${JSON.stringify(key)}: ${json}`).join(',\n')}\n}`;
  }
}
