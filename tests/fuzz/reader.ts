/** What the fuzzer needs of a reader: valid inputs to start from, ways to spoil them that know the format, and the reading. */
import type { Random } from './random.ts';

export interface FuzzedReader {
  readonly name: string;
  /** Small valid inputs. */
  seeds(): readonly Buffer[];
  /** Changes an input where the format can be hurt; mutations of mere bytes come beside it. */
  spoil?(input: Buffer, random: Random): Buffer;
  /** Words of the format, put into inputs and over them. */
  readonly words?: readonly string[];
  /**
   * Reads one input. Throws an AppError, or what the format's own contract allows, and nothing else.
   * @param folder  empty at the start, of this reader alone, on a file system in memory
   */
  read(input: Buffer, folder: string): void | Promise<void>;
}
