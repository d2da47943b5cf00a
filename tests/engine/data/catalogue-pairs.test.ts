import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readCataloguePairs } from '../../../src/engine/data/catalogue-pairs.ts';
import { CorpusBuilder } from '../../../src/engine/data/corpus-builder.ts';
import { readCorpus } from '../../../src/engine/data/read-corpus.ts';
import { parseTypescriptMessages } from '../../../src/engine/data/typescript-messages.ts';
import { temporaryFiles } from './temporary-files.ts';

const require = createRequire(import.meta.url);
const french = z.record(z.string(), z.string()).parse(require('typescript/lib/fr/diagnosticMessages.generated.json'));
const compiler = z.object({
  Diagnostics: z.record(z.string(), z.object({ code: z.number(), key: z.string(), message: z.string() })),
});
const languages = { source_lang: 'en', target_lang: 'fr' };

describe('the typescript catalogue', () => {
  it('pairs every English message of typescript 5.9.3 that has a French one, by code', async () => {
    const corpus = await readCorpus({ format: 'typescript-catalogue' }, languages);
    expect(corpus.name).toBe('typescript 5.9.3 en-fr');
    // 2,121 messages; the French catalogue has 2,120, of which two belong to messages renamed since.
    expect(corpus.pairs).toHaveLength(2118);
    expect(corpus.problemCounts).toEqual({ unpaired: 3 });
    expect(corpus.problems[0]).toEqual({
      file: 'messages of typescript 5.9.3 by code',
      line: 1286,
      reason: 'unpaired',
      detail:
        'ECMAScript_imports_and_exports_cannot_be_written_in_a_CommonJS_file_under_verbatimModuleSyntax_1286 has no translation',
    });
    const codes = corpus.pairs.map(({ line }) => line);
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
    expect(corpus.pairs[0]).toEqual({
      source: 'Unterminated string literal.',
      target: french.Unterminated_string_literal_1002,
      line: 1002,
    });
    // Written with another quotation mark, or with an exponent, in typescript.js.
    expect(corpus.pairs.find(({ line }) => line === 6904)?.source).toBe('module === "system" or esModuleInterop');
    expect(corpus.pairs.find(({ line }) => line === 8000)?.source).toBe('You cannot rename this element.');
    expect(await readCorpus({ format: 'typescript-catalogue' }, languages)).toEqual(corpus);
  });

  it('has the messages that the compiler itself has, read without running it', async () => {
    const path = require.resolve('typescript');
    const { Diagnostics } = compiler.parse(require(path));
    const messages = Object.values(Diagnostics).map(({ code, key, message }) => ({ code, key, message }));
    expect(parseTypescriptMessages(readFileSync(path, 'utf8'))).toEqual(messages);
  });

  it('runs no code of a package that lies in the folder one works in', async () => {
    const diagnostics = 'diag(1002, 1 /* Error */, "constructor", "Ended.")\ndiag(3, 1 /* Error */, "b", "Begun.")';
    await using files = await temporaryFiles({
      'node_modules/typescript/package.json': '{"version": "5.0.0", "main": "lib/typescript.js"}',
      'node_modules/typescript/lib/typescript.js': `throw new Error("it ran");\n${diagnostics}`,
      'node_modules/typescript/lib/fr/diagnosticMessages.generated.json': '{"b": "Commencé."}',
      'broken/node_modules/typescript/package.json': '{',
    });
    const corpus = new CorpusBuilder();
    const name = await readCataloguePairs(languages, corpus, [files.path('package.json')]);
    expect(name).toBe('typescript 5.0.0 en-fr');
    await expect(readCataloguePairs(languages, corpus, [files.path('broken/package.json')])).rejects.toThrow(
      /^The package typescript cannot be found from .*broken\/package\.json: /,
    );
  });

  it('tells what it has where a language is not there', async () => {
    await expect(
      readCorpus({ format: 'typescript-catalogue' }, { source_lang: 'en', target_lang: 'nl' }),
    ).rejects.toThrow(
      /lib has no messages in "nl"; there are: cs, de, es, fr, it, ja, ko, pl, pt-br, ru, tr, zh-cn, zh-tw\.$/,
    );
    await expect(
      readCorpus({ format: 'typescript-catalogue' }, { source_lang: 'fr', target_lang: 'en' }),
    ).rejects.toThrow('The typescript catalogue cannot be read from "fr"; expected source_lang "en".');
  });

  const install = { hint: 'npm install --save-dev typescript@5.9.3' };
  const packageJson = '{"name": "typescript", "version": "7.0.0", "main": "lib/typescript.js"}';

  it('says how to install the package where it is missing', async () => {
    await using files = await temporaryFiles({});
    const read = readCataloguePairs(languages, new CorpusBuilder(), [files.path('package.json')]);
    await expect(read).rejects.toMatchObject({
      message: 'The package typescript, whose messages are the corpus, is not installed.',
      ...install,
    });
  });

  it('says which version it needs where the installed one has no messages', async () => {
    await using files = await temporaryFiles({
      'a/node_modules/typescript/package.json': packageJson,
      'a/node_modules/typescript/lib/typescript.js': 'exports.version = "7.0.0";',
      'b/node_modules/typescript/package.json': packageJson,
      'b/node_modules/typescript/lib/typescript.js': 'exports.version = "7.0.0";',
      'b/node_modules/typescript/lib/fr/diagnosticMessages.generated.json': '{"a": "b"}',
      'c/node_modules/typescript/package.json': packageJson,
      'c/node_modules/typescript/lib/typescript.js': 'exports.version = "7.0.0";',
      'c/node_modules/typescript/lib/fr/diagnosticMessages.generated.json': '{"a": ',
    });
    const read = (name: string) =>
      readCataloguePairs(languages, new CorpusBuilder(), [files.path(`${name}/package.json`)]);
    const library = (name: string) => files.path(`${name}/node_modules/typescript/lib`);
    await expect(read('a')).rejects.toMatchObject({
      message: `${library('a')} has no messages in "fr"; no catalogue is there.`,
      ...install,
    });
    await expect(read('b')).rejects.toMatchObject({
      message: `${library('b')}/typescript.js has no list of messages; expected typescript 5.`,
      ...install,
    });
    await expect(read('c')).rejects.toMatchObject({
      message: `${library('c')}/fr/diagnosticMessages.generated.json is not a message catalogue.`,
      ...install,
    });
  });
});
