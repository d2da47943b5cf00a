/** Holds the house to two rules: no shell is built from strings, and no SQL from values. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listSources } from './read-imports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = listSources(root, 'src').map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));

/** Each match with its file, for a message that leads there. */
function findAll(pattern: RegExp, isIn: (path: string) => boolean = () => true): string[] {
  return sources
    .filter(({ path }) => isIn(path))
    .flatMap(({ path, text }) => [...text.matchAll(pattern)].map((match) => `${path}: ${match[1] ?? match[0]}`));
}

/** Names of tables, columns and whole clauses, each a constant of the file it stands in or one of a list of constants there. */
const CONSTANT_PARTS = new Set([
  'table',
  'columns',
  'what',
  'inStretch',
  'isLike',
  "columns.join(', ')",
  'places',
  'index + 1',
]);

describe('commands of the system', () => {
  it('are started without a shell', () => {
    expect(findAll(/import[^;]*\b(?:exec|execSync)\b[^;]*from 'node:child_process'/g)).toEqual([]);
    expect(findAll(/\bshell:\s*(?!false)[^,\n}]*/g)).toEqual([]);
    expect(
      findAll(
        /(?:spawn|execFile|spawnSync|execFileSync)\(\s*(['"`](?:ba|z|da)?sh['"`]|['"`]\/bin\/\w*sh['"`]|`[^`]*\$\{)/g,
      ),
    ).toEqual([]);
  });

  it('and code are never made of text', () => {
    expect(findAll(/\beval\(|\bnew (?:Function|Script)\(|\bcompileFunction\(|\bvm\.\w+|\* as vm/g)).toEqual([]);
    // A single word that stands in the source is no text of others.
    expect(findAll(/\brunIn\w*Context\((?!'\w+'\))[^)]*\)/g)).toEqual([]);
  });
});

describe('statements of the store', () => {
  const isOfStore = (path: string) => path.startsWith('src/store/');
  const statements = sources
    .filter(({ path }) => isOfStore(path))
    .flatMap(({ path, text }) =>
      [
        ...text.matchAll(/\.(?:prepare|exec|pragma)\(\s*`([^`]*)`|\bsql\s*=\s*`([^`]*)`|selectAll\([^`;]*`([^`]*)`/g),
      ].map((match) => ({
        path,
        sql: match[1] ?? match[2] ?? match[3] ?? '',
      })),
    );

  it('are found at all', () => {
    expect(statements.length).toBeGreaterThan(10);
  });

  it('hold constants only: every value is bound', () => {
    const offences = statements.flatMap(({ path, sql }) =>
      [...sql.matchAll(/\$\{([^}]*)\}/g)]
        .map((match) => match[1] ?? '')
        .filter((part) => !/^[A-Z][A-Z0-9_]*$/.test(part) && !CONSTANT_PARTS.has(part))
        .map((part) => `${path}: \${${part}}`),
    );
    expect(offences).toEqual([]);
  });

  it('are not glued together', () => {
    expect(findAll(/\.(?:prepare|exec|pragma)\([^)`'"]*['"`][^'"`]*['"`]\s*\+/g, isOfStore)).toEqual([]);
  });
});
