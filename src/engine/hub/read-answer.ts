/** Reads what a server answers, and no more than an answer can be. */

/** A listing takes about 250 bytes a file, a large upload as much a part. */
const MAX_BYTES = 1 << 25;

/** Gives the text of an answer. @throws {Error} when it goes on and on; what the connection throws when it breaks off */
export async function readAnswer(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of response.body ?? []) {
    sizeBytes += piece.length;
    // Leaving the loop ends the connection.
    if (sizeBytes > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Gives the JSON of a text, or null where it is none: an empty answer, or a page of a proxy. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
