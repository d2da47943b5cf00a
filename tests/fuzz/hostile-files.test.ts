/** Hostile files known by name; each format's own tests have more of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../src/engine/config/experiment.ts';
import { readExperiment } from '../../src/engine/config/read-experiment.ts';
import { readCataloguePairs } from '../../src/engine/data/catalogue-pairs.ts';
import { CorpusBuilder } from '../../src/engine/data/corpus-builder.ts';
import { readCorpus } from '../../src/engine/data/read-corpus.ts';
import { readModelConfig, readWeights } from '../../src/engine/model/model-directory.ts';
import { DataError } from '../../src/errors.ts';
import { zipOf } from '../support/zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'bleubird-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (spec: CorpusSpec) => readCorpus(spec, { source_lang: 'en', target_lang: 'fr' });

describe('an archive', () => {
  it('with members that lead elsewhere gives those asked for, and writes none', async () => {
    const outside = ['../outside', '/tmp/bleubird-outside', 'C:\\outside'];
    const archive = zipOf([
      ...outside.map((name) => ({ name, content: Buffer.from('evil') })),
      { name: 'link', content: Buffer.from('/etc/passwd'), mode: 0o120777 },
      { name: 'KDE.en-fr.en', content: Buffer.from('Hello\n'), isDeflated: true },
      { name: 'KDE.en-fr.fr', content: Buffer.from('Bonjour\n') },
    ]);
    writeFileSync(join(folder, 'en-fr.txt.zip'), archive);
    const { pairs } = await read({ format: 'opus', name: 'KDE', version: null, directory: folder });
    expect(pairs).toEqual([{ source: 'Hello', target: 'Bonjour', line: 1 }]);
    expect([join(folder, '../outside'), '/tmp/bleubird-outside'].filter(existsSync)).toEqual([]);
  });

  it('whose member is a link gives the words of the link, not what it leads to', async () => {
    const place = mkdtempSync(join(folder, 'links-'));
    const content = Buffer.from('/etc/passwd');
    const members = ['KDE.en-fr.en', 'KDE.en-fr.fr'].map((name) => ({ name, content, mode: 0o120777 }));
    writeFileSync(join(place, 'en-fr.txt.zip'), zipOf(members));
    const { pairs } = await read({ format: 'opus', name: 'KDE', version: null, directory: place });
    expect(pairs).toEqual([{ source: '/etc/passwd', target: '/etc/passwd', line: 1 }]);
  });
});

describe('an experiment', () => {
  it('that is a device, a pipe or a corpus is refused at once', async () => {
    const pipe = join(folder, 'pipe.yaml');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      await expect(readExperiment(path)).rejects.toThrow(
        `${path} is no experiment file: it is no file, but a device or a pipe.`,
      );
    }
    const corpus = join(folder, 'large.yaml');
    writeFileSync(corpus, '');
    truncateSync(corpus, 2 ** 22 + 1);
    await expect(readExperiment(corpus)).rejects.toThrow(
      `${corpus} is no experiment file: it has 4194305 bytes, at most 4194304 are read.`,
    );
  });
});

describe('a text beside a corpus', () => {
  it('is refused where it is a pipe or far too large', async () => {
    const library = join(folder, 'node_modules/typescript/lib');
    mkdirSync(join(library, 'fr'), { recursive: true });
    writeFileSync(join(library, '../package.json'), '{"name": "typescript", "main": "lib/typescript.js"}');
    writeFileSync(join(library, 'typescript.js'), 'exports.version = "5.9.3"; exports.Diagnostics = {};');
    const path = join(library, 'fr/diagnosticMessages.generated.json');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 24 + 1);
    const languages = { source_lang: 'en', target_lang: 'fr' };
    const readCatalogue = () => readCataloguePairs(languages, new CorpusBuilder(), [join(folder, 'package.json')]);
    await expect(readCatalogue()).rejects.toThrow(`${path} has 16777217 bytes, at most 16777216 are read.`);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    await expect(readCatalogue()).rejects.toThrow(`${path} is no file, but a device or a pipe.`);
  });
});

describe('a corpus', () => {
  it('with a line of 100 MB loses that line, in little memory', async () => {
    const path = join(folder, 'long.tsv');
    writeFileSync(
      path,
      Buffer.concat([Buffer.from('a\tb\n'), Buffer.alloc(100_000_000, 'x'), Buffer.from('\nc\td\n')]),
    );
    const before = process.resourceUsage().maxRSS;
    const { pairs, problems } = await read({ format: 'tsv', path, source_column: 1, target_column: 2 });
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(96 * 1024);
    expect(pairs.map(({ line }) => line)).toEqual([1, 3]);
    expect(problems).toEqual([
      { file: path, line: 2, reason: 'malformed', detail: '100000000 bytes long; at most 1048576 are read' },
    ]);
  });

  it('keeps NUL bytes as the characters they are', async () => {
    const path = join(folder, 'nul.tsv');
    writeFileSync(path, 'a\0b\tc\n');
    const { pairs } = await read({ format: 'tsv', path, source_column: 1, target_column: 2 });
    expect(pairs).toEqual([{ source: 'a\0b', target: 'c', line: 1 }]);
  });
});

describe('a model directory', () => {
  it('may be made of links that lead out of it, as those of the Hugging Face cache are', async () => {
    const snapshot = join(folder, 'snapshot');
    mkdirSync(snapshot);
    const tied = fileURLToPath(new URL('../fixtures/model/tied/', import.meta.url));
    for (const name of ['config.json', 'model.safetensors']) symlinkSync(join(tied, name), join(snapshot, name));
    expect(await readModelConfig(snapshot)).toMatchObject({ model_type: 'marian' });
    expect((await readWeights(snapshot)).size).toBeGreaterThan(0);
  });
});

describe('what is no file', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const noFile = `${pipe} is no file, but a device or a pipe.`;

  it('is refused in the place of weights', async () => {
    for (const name of ['model.safetensors', 'pytorch_model.bin']) {
      const model = mkdtempSync(join(folder, 'model-'));
      for (const target of [pipe, '/dev/zero']) {
        symlinkSync(target, join(model, name));
        await expect(readWeights(model)).rejects.toThrow(`${join(model, name)} is no file, but a device or a pipe.`);
        rmSync(join(model, name));
      }
    }
  });

  it('is refused in the place of a corpus that is read here and there', async () => {
    const fields = { source_field: 'a', target_field: 'b' };
    await expect(read({ format: 'parquet', path: pipe, ...fields })).rejects.toThrow(noFile);
    symlinkSync(pipe, join(folder, 'de-fr.txt.zip'));
    const opus = readCorpus(
      { format: 'opus', name: 'KDE', version: null, directory: folder },
      { source_lang: 'de', target_lang: 'fr' },
    );
    await expect(opus).rejects.toThrow('de-fr.txt.zip is no file, but a device or a pipe.');
  });

  it('and has no end is refused in the place of a text', async () => {
    const path = '/dev/zero';
    for (const format of ['tsv', 'tmx', 'po', 'mo', 'xliff'] as const) {
      await expect(read({ format, path } as CorpusSpec)).rejects.toThrow('/dev/zero is no file, but a device.');
    }
    await expect(read({ format: 'moses', source: path, target: path })).rejects.toThrow('is no file, but a device.');
    const json = { format: 'jsonl', path, source_field: 'a', target_field: 'b' } as const;
    await expect(read(json)).rejects.toThrow('/dev/zero is no file, but a device.');
  });
});

describe('a name', () => {
  it('of a property that every object has is one like others', async () => {
    const opus = read({ format: 'opus', name: 'constructor', version: null, directory: null });
    await expect(opus).rejects.toThrow(/constructor/);
    await expect(opus).rejects.toBeInstanceOf(DataError);
  });

  it('of very many parts leads nowhere', async () => {
    const path = join(folder, 'rows.jsonl');
    const deep = 'a.'.repeat(30_000);
    writeFileSync(path, `{"a": ${'{"a": '.repeat(4_000)}1${'}'.repeat(4_000)}}\n{"b": 1}\n`);
    const rows = read({ format: 'jsonl', path, source_field: `${deep}b`, target_field: 'b' });
    await expect(rows).rejects.toBeInstanceOf(DataError);
  });
});
