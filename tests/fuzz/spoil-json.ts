/** Mutations of a JSON document as a tree: values swapped for hostile ones, keys dropped, doubled, renamed, nested deep. */
import type { Random } from './random.ts';

/** JSON texts, so that numbers no double holds and keys given twice can be among them. */
const VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '9007199254740993',
  '1152921504606846976',
  '4294967296',
  '2147483648',
  '""',
  '"F32"',
  '"\\u0000\\ud800\\u202e"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[-1]',
  '[0,0]',
  '[0,1152921504606846976]',
  '{"__proto__":{"a":1}}',
  '{"constructor":null}',
  '{"toString":1,"then":1}',
];
const KEYS = ['__proto__', 'constructor', 'toString', '', 'a'.repeat(300), '\u202e\u0000', '__metadata__', 'then'];
const DEEP = 100_000;

const MAX_LENGTH = 1 << 17;

/** Gives a spoiled copy; a text that is no JSON, or spoiled to great length already, comes back as it is. */
export function spoilJson(text: string, random: Random): string {
  if (text.length > MAX_LENGTH || /(?:[[]|[{]"a":){200}/.test(text)) return text;
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return text;
  }
  const target = random.below(countNodes(tree));
  const position = { next: 0 };
  return write(tree, (node) => {
    if (position.next++ !== target) return null;
    if (random.oneIn(60)) return deep(random);
    if (typeof node === 'object' && node !== null && random.oneIn(2)) return spoilContainer(node, random);
    return random.pick(VALUES) ?? 'null';
  });
}

function deep(random: Random): string {
  const [open, close] = random.oneIn(2) ? ['[', ']'] : ['{"a":', '}'];
  return `${open.repeat(DEEP)}1${close.repeat(DEEP)}`;
}

function spoilContainer(node: object, random: Random): string {
  const entries = Object.entries(node);
  const at = random.below(entries.length);
  const [key, value] = entries[at] ?? ['a', 1];
  const action = random.below(5);
  if (action === 0) entries.splice(at, 1);
  else if (action === 1) entries.splice(at, 0, [key, value]);
  else if (action === 2) entries[at] = [random.pick(KEYS) ?? '', value];
  else if (action === 3) entries.push([random.pick(KEYS) ?? '', entries[random.below(entries.length)]?.[1] ?? null]);
  else entries.reverse();
  const texts = entries.map(
    ([name, item]) => (Array.isArray(node) ? '' : `${JSON.stringify(name)}:`) + JSON.stringify(item),
  );
  return Array.isArray(node) ? `[${texts.join(',')}]` : `{${texts.join(',')}}`;
}

function countNodes(tree: unknown): number {
  if (typeof tree !== 'object' || tree === null) return 1;
  return Object.values(tree).reduce((sum: number, child) => sum + countNodes(child), 1);
}

function write(node: unknown, replace: (node: unknown) => string | null): string {
  const replacement = replace(node);
  if (replacement !== null) return replacement;
  if (Array.isArray(node)) return `[${node.map((item) => write(item, replace)).join(',')}]`;
  if (typeof node !== 'object' || node === null) return JSON.stringify(node) ?? 'null';
  return `{${Object.entries(node)
    .map(([key, value]) => `${JSON.stringify(key)}:${write(value, replace)}`)
    .join(',')}}`;
}
