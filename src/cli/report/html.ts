/** HTML in which no text can become markup: what is put into a template is escaped, unless it is HTML itself. */
import { visibleText } from '../../ui/text/fit-text.ts';

/** Markup that is known to be sound: what `html` makes, and constants of ours. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type HtmlPart = string | number | null | Html | readonly HtmlPart[];

/**
 * Gives the template with its parts filled in: texts escaped and made visible, for elements and quoted attributes alike;
 * null leaves nothing.
 */
export function html(template: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(
    template.map((text, index) => text + (index < parts.length ? fill(parts[index] ?? null) : '')).join(''),
  );
}

function fill(part: HtmlPart): string {
  if (part === null) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  return part.map(fill).join('');
}

function escapeText(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
