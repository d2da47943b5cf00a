/** One hostile file or text made by hand: how it is made, what reads it, and the words it is refused with. */
export interface Attack {
  readonly name: string;
  /** Writes what is hostile into an empty folder. */
  make(folder: string): void;
  /** Reads it as the program does. */
  read(folder: string): unknown;
  /** What the error says; null for what may be taken as it is. */
  readonly answer: RegExp | null;
  /** Takes seconds to make or to read: left to the command. */
  readonly isHeavy?: boolean;
}
