/** The errors of a PyTorch file: each names the file and, where there is one, the byte of the file it is about. */
import { ModelError } from '../../../errors.ts';

const FETCH_AGAIN = 'The file is cut off or damaged; fetch it again from where the model came from.';
const SAVE_AGAIN = "Save the weights anew where you trust them, with transformers: model.save_pretrained('…').";

/** Says that a file is not what PyTorch wrote. @param what goes after the path, without a full stop */
export function damagedFile(path: string, what: string, cause?: unknown): ModelError {
  return new ModelError(`${path} is damaged: ${what}.`, { cause, hint: FETCH_AGAIN });
}

/** Says that a file may be whole, but holds what is not read. @param what as for `damagedFile` */
export function unsupportedFile(path: string, what: string): ModelError {
  return new ModelError(`${path} ${what}.`, { hint: SAVE_AGAIN });
}

/** Says that a file asks to run code; it is not done. @param name module and name of what should be called */
export function refusedGlobal(path: string, name: string, offset: number): ModelError {
  return new ModelError(
    `${path} names ${quoted(name)} at byte ${offset}, which no tensor needs; nothing of the file was run.`,
    { hint: 'Loading this file with PyTorch may run what it names: do so only when you trust its author.' },
  );
}

/** A text of a file as one can show it: at most 80 characters, all of them printable ASCII. */
export function quoted(text: string): string {
  const start = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(start).replace(
    /[^ -~…]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
