/** Holds the house to ARCHITECTURE.md: which folder may import which, no cycles, no long files. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findCycle, type Import, listSources, loadedWith, readImports } from './read-imports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = listSources(root, 'src');
const imports = sources.flatMap((file) => readImports(root, file));

const within =
  (...prefixes: string[]) =>
  (path: string) =>
    prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
const isOurs = within('src');
const isHeavyPackage = (path: string) => /^@tensorflow\/|^(ink|react)(\/|$)/.test(path);

/** Edges from one folder to what it must not know. */
function offences(from: (path: string) => boolean, isForbidden: (edge: Import) => boolean): string[] {
  return imports.filter((edge) => from(edge.from) && isForbidden(edge)).map((edge) => `${edge.from} → ${edge.to}`);
}

describe('the directions of imports', () => {
  it('reads the sources at all', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(sources.length);
  });

  it('keeps the engine free of store, runner, ui and cli', () => {
    const isAbove = within('src/store', 'src/runner', 'src/ui', 'src/cli');
    expect(offences(within('src/engine'), (edge) => isAbove(edge.to))).toEqual([]);
  });

  it('lets the store take only types from the engine, and nothing from those above it', () => {
    expect(offences(within('src/store'), (edge) => within('src/engine')(edge.to) && !edge.isType)).toEqual([]);
    expect(offences(within('src/store'), (edge) => within('src/runner', 'src/ui', 'src/cli')(edge.to))).toEqual([]);
  });

  it('lets the runner know the store and of the engine what needs no tensors', () => {
    expect(offences(within('src/runner'), (edge) => within('src/ui', 'src/cli')(edge.to))).toEqual([]);
    const ofEngine = within(
      ...['config', 'files', 'hub', 'training', 'run/supervisor.ts', 'run/wire.ts', 'data/read-bytes.ts'].map(
        (part) => `src/engine/${part}`,
      ),
      'src/engine/backend/cuda-requirements.ts',
    );
    const isForbidden = (edge: Import) => within('src/engine')(edge.to) && !edge.isType && !ofEngine(edge.to);
    expect(offences(within('src/runner'), isForbidden)).toEqual([]);
    const loaded = sources.filter(within('src/runner')).flatMap((file) => [...loadedWith(file, imports)]);
    expect(loaded.filter(isHeavyPackage)).toEqual([]);
  });

  it('keeps tensors, SQLite, files and processes out of the ui', () => {
    const isForbidden = (path: string) =>
      /^@tensorflow\/|^better-sqlite3$|^node:(child_process|fs)|^(child_process|fs)(\/|$)/.test(path) ||
      within('src/store', 'src/runner', 'src/cli')(path);
    expect(offences(within('src/ui'), (edge) => isForbidden(edge.to) && !edge.isType)).toEqual([]);
    const ofEngine = (edge: Import) =>
      within('src/engine')(edge.to) && !within('src/engine/config')(edge.to) && !edge.isType;
    expect(offences(within('src/ui'), ofEngine)).toEqual([]);
    const loaded = sources.filter(within('src/ui')).flatMap((file) => [...loadedWith(file, imports)]);
    expect(loaded.filter((path) => isForbidden(path))).toEqual([]);
  });

  it('loads neither ink nor react nor tfjs before a command asks for them', () => {
    const loaded = [...loadedWith('src/cli/bin.ts', imports)];
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.filter(isHeavyPackage)).toEqual([]);
    const commands = sources.filter(within('src/cli')).flatMap((file) => [...loadedWith(file, imports)]);
    expect(commands.filter(isHeavyPackage)).toEqual([]);
  });

  it('forks the trainer and imports it nowhere', () => {
    expect(offences(isOurs, (edge) => edge.to === 'src/engine/run/trainer.ts')).toEqual([]);
  });

  it('keeps sacrebleu-ts without any dependency', () => {
    const isOutside = (edge: Import) => !within('src/sacrebleu-ts')(edge.to);
    expect(offences(within('src/sacrebleu-ts'), isOutside)).toEqual([]);
  });

  it('has no cycle', () => {
    const edges = new Map(sources.map((file): [string, string[]] => [file, []]));
    for (const edge of imports) if (isOurs(edge.to) && !edge.isDynamic) edges.get(edge.from)?.push(edge.to);
    expect(findCycle(edges)).toBeNull();
  });

  it('imports only files that exist', () => {
    const known = new Set(sources);
    expect(imports.filter((edge) => isOurs(edge.to) && !known.has(edge.to))).toEqual([]);
  });
});

describe('the size of files', () => {
  it('keeps every source file within 400 lines', () => {
    const long = sources.filter((file) => readFileSync(`${root}/${file}`, 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });
});

describe('the check itself', () => {
  it('finds a cycle and says its way', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(findCycle(edges)).toEqual(['b', 'c', 'b']);
    expect(findCycle(new Map([['a', ['b']]]))).toBeNull();
  });

  it('follows static value imports only', () => {
    const edge = (from: string, to: string, flags: Partial<Import> = {}): Import => ({
      from,
      to,
      isType: false,
      isDynamic: false,
      ...flags,
    });
    const edges = [
      edge('a', 'b'),
      edge('b', 'ink'),
      edge('a', 'types', { isType: true }),
      edge('a', 'late', { isDynamic: true }),
    ];
    expect([...loadedWith('a', edges)].sort()).toEqual(['a', 'b', 'ink']);
  });
});
