/**
 * How a journal is opened. The folder of a run may have come from elsewhere: a FIFO in the journal's place would be waited for
 * without end, a device such as /dev/zero read without end.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { StoreError } from '../errors.ts';

const { O_NONBLOCK = 0 } = constants; // Windows has none

/** Opens the journal at `path`. The caller closes it. @throws the file system's error; {StoreError} when it is no file */
export function openJournal(path: string, flags = constants.O_RDONLY): number {
  const file = openSync(path, flags | O_NONBLOCK, 0o600);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new StoreError(`The journal ${path} is no file, but a folder, a device or a pipe.`, {
    hint: 'Move it away; of a run that the store knows nothing is lost.',
  });
}
