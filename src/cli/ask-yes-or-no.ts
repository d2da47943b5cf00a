/** Asks a question at the terminal. */
import { createInterface } from 'node:readline/promises';
import type { World } from './world.ts';

/** Gives back whether the answer was yes; anything else, and the end of the input, is no. */
export async function askYesOrNo(question: string, { stdin, stdout }: World): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stdout });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return /^y(es)?$/i.test((await Promise.race([lines.question(`${question} [y/N] `), closed])).trim());
  } finally {
    lines.close();
  }
}
