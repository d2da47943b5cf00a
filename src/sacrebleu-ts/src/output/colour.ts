/** The colours sacreBLEU puts on a terminal. */
export type Colour = 'red' | 'green' | 'yellow' | 'cyan';

const codes = { red: 31, green: 32, yellow: 33, cyan: 36 } as const satisfies Record<Colour, number>;

/** Gives a text its colour, or leaves it as it is. */
export type Paint = (text: string, colour: Colour) => string;

/** What paints texts, on a terminal that shows it. */
export function paintWith(isColourful: boolean): Paint {
  return (text, colour) => (isColourful ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}
