import { readCataloguePairs } from '../catalogue-pairs.ts';
import { defineFormat } from '../corpus-format.ts';

/** The messages of the installed `typescript` package in English and `target_lang`. */
export const typescriptCatalogue = defineFormat('typescript-catalogue', async (_spec, languages, corpus) =>
  readCataloguePairs(languages, corpus),
);
