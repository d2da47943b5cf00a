/** Up to so many bytes a loop is faster than a call into Node. */
const SHORT_BYTES = 32;

/**
 * Writes `length` bytes at `at` that repeat those from `distance` before on. The match may reach into what it writes: what is
 * there so far is repeated. `distance` is 1 to `at`, and the page has room.
 */
export function copyMatch(page: Buffer, at: number, distance: number, length: number): void {
  const from = at - distance;
  if (length <= SHORT_BYTES) {
    for (let index = 0; index < length; index += 1) page[at + index] = page[from + index] ?? 0;
    return;
  }
  // What is repeated is there once, then twice, then four times.
  for (let done = 0; done < length; ) {
    const part = Math.min(length - done, distance + done);
    page.copyWithin(at + done, from, from + part);
    done += part;
  }
}

/** Writes the bytes of `source` from `start` to `end` at `at`. */
export function copyLiterals(source: Buffer, start: number, end: number, page: Buffer, at: number): void {
  if (end - start > SHORT_BYTES) source.copy(page, at, start, end);
  else for (let index = start; index < end; index += 1) page[at + index - start] = source[index] ?? 0;
}
