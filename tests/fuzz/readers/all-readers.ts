import type { FuzzedReader } from '../reader.ts';
import { corpusReaders } from './corpus-readers.ts';
import { modelReaders } from './model-readers.ts';
import { runReaders } from './run-readers.ts';
import { textReaders } from './text-readers.ts';

/** Every reader of files or messages that come from elsewhere. */
export const allReaders: readonly FuzzedReader[] = [...modelReaders, ...textReaders, ...corpusReaders, ...runReaders];
