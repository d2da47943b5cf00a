/** What a corpus format is: a name and a way to read. Formats are listed in read-corpus.ts. */
import type { CorpusSpec } from '../config/experiment.ts';
import type { CorpusBuilder, Cures } from './corpus-builder.ts';

/** The languages of an experiment, as the corpus names them. */
export interface Languages {
  readonly source_lang: string;
  readonly target_lang: string;
}

/** What reading a corpus needs of the world outside: where downloads lie, whether there is a network, who waits. */
export interface CorpusWorld {
  readonly env: NodeJS.ProcessEnv;
  /** Aborted when the user has had enough. */
  readonly signal?: AbortSignal;
  /** Told of downloads as they arrive. `totalBytes` is null while it is not known. */
  readonly onProgress?: (file: string, doneBytes: number, totalBytes: number | null) => void;
}

export interface CorpusFormat {
  readonly format: CorpusSpec['format'];
  /** For whoever gets no pair out of one. */
  readonly cures: Cures;
  /**
   * Reads all pairs into `corpus`.
   * @returns the name to show
   * @throws {DataError}
   */
  read(spec: CorpusSpec, languages: Languages, corpus: CorpusBuilder, world: CorpusWorld): Promise<string>;
}

type SpecOf<F extends CorpusSpec['format']> = Extract<CorpusSpec, { format: F }>;

/** Makes a CorpusFormat of a function that reads specs of one format. */
export function defineFormat<F extends CorpusSpec['format']>(
  format: F,
  read: (spec: SpecOf<F>, languages: Languages, corpus: CorpusBuilder, world: CorpusWorld) => Promise<string>,
  cures: Cures = {},
): CorpusFormat {
  const isOfFormat = (spec: CorpusSpec): spec is SpecOf<F> => spec.format === format;
  return {
    format,
    cures,
    read: (spec, languages, corpus, world) => {
      if (!isOfFormat(spec))
        throw new RangeError(`A corpus of format ${spec.format} was given to the reader of ${format}.`);
      return read(spec, languages, corpus, world);
    },
  };
}
