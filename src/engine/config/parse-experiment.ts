/** Reads the text of an experiment file: YAML in, `Experiment` out, or all that is wrong with it at once. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { ConfigError } from '../../errors.ts';
import { parseYamlDocument } from '../files/parse-yaml.ts';
import { isYamlNestedTooDeeply } from '../files/yaml-depth.ts';
import { buildExperiment } from './build-experiment.ts';
import { checkFields } from './check-fields.ts';
import type { Experiment } from './experiment.ts';
import { findField, sectionPaths } from './experiment-fields.ts';
import { type GivenFields, giveText } from './given-fields.ts';
import { MAX_SHOWN_PROBLEMS, problemsError } from './problems-error.ts';
import { quote, readFieldValue } from './read-field-value.ts';
import { describeUnknownField } from './unknown-field.ts';

export interface ParseOptions {
  /** Name for messages; without its folder and ending it is also the experiment's name when the file gives none. */
  readonly fileName: string;
  /** Folder that relative paths in the file start from. */
  readonly directory: string;
  /** `path=value` each, as `--set` takes them; they win over the file. */
  readonly overrides?: readonly string[] | undefined;
  /** Folder that relative paths in overrides start from; `directory` when not given. */
  readonly overrideDirectory?: string;
  /** The device, as `--device` takes it; it wins over all else. */
  readonly device?: string | undefined;
}

/** Far more than any experiment needs; keeps a wrong file, such as a corpus, from being parsed for minutes. */
const MAX_CHARACTERS = 64 * 1024;
/** One fault of YAML brings others in its train. */
const MAX_YAML_FAULTS = 5;

/**
 * Reads an experiment.
 *
 * @throws {ConfigError} that lists every problem with its line
 */
export function parseExperiment(text: string, options: ParseOptions): Experiment {
  const { fileName, directory, overrides = [], overrideDirectory = directory } = options;
  const given: GivenFields = { fields: new Map(), problems: [] };
  collectFromYaml(text, fileName, directory, given);
  for (const override of overrides) {
    const at = override.indexOf('=');
    if (at < 1) given.problems.push({ path: '--set', message: `${quote(override)}; expected path=value` });
    else giveText(given, override.slice(0, at).trim(), override.slice(at + 1), ' (--set)', overrideDirectory);
  }
  if (options.device !== undefined) giveText(given, 'device', options.device, ' (--device)', overrideDirectory);
  const { values, problems } = checkFields(given);
  if (problems.length > 0) throw problemsError(fileName, problems);
  const named = new Map(values);
  if (named.get('name') === '') named.set('name', nameOfFile(fileName));
  return buildExperiment(named, (path) => given.fields.get(path)?.directory ?? directory);
}

function nameOfFile(fileName: string): string {
  const base = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  return base.replace(/\.(ya?ml|json)$/i, '') || 'unnamed';
}

function collectFromYaml(text: string, fileName: string, directory: string, given: GivenFields): void {
  if (text.length > MAX_CHARACTERS) {
    throw new ConfigError(`${fileName} is too large for an experiment file: more than ${MAX_CHARACTERS / 1024} KiB.`);
  }
  const lineCounter = new LineCounter();
  const document = parseYaml(text, fileName, lineCounter);
  refuseYamlFaults([...document.errors, ...document.warnings], fileName, lineCounter);
  const where = (node: Node) => (node.range ? ` (line ${lineCounter.linePos(node.range[0]).line})` : '');
  const root = document.contents as Node | null;
  if (root === null || (isScalar(root) && root.value === null)) {
    throw new ConfigError(`${fileName} is empty; expected the fields of an experiment.`, [], {
      hint: '`bleubird run --help-fields` lists them; `bleubird run quickstart`, then `bleubird show last --config`, gives a whole one.',
    });
  }
  if (!isMap(root)) {
    const value = isScalar(root) ? root.value : isSeq(root) ? [] : {};
    throw new ConfigError(`${fileName} holds ${quote(value)}; expected a mapping of fields such as "model: …".`);
  }
  const resolveAlias = (node: unknown) => (isAlias(node) ? node.resolve(document) : (node ?? null));
  collectFromMap(root, '', { given, directory, where, resolveAlias });
}

function parseYaml(text: string, fileName: string, lineCounter: LineCounter): Document.Parsed {
  if (isYamlNestedTooDeeply(text)) throw new ConfigError(`${fileName} is nested too deeply for an experiment file.`);
  return parseYamlDocument(text, { version: '1.2', lineCounter, prettyErrors: false, uniqueKeys: false });
}

function refuseYamlFaults(faults: readonly YAMLError[], fileName: string, lineCounter: LineCounter): void {
  if (faults.length === 0) return;
  const problems = faults.slice(0, MAX_YAML_FAULTS).map((fault) => {
    const line = lineCounter.linePos(fault.pos[0]).line;
    return { path: '', message: `line ${line}: ${fault.message.split('\n')[0]}` };
  });
  throw new ConfigError(`${fileName} is not valid YAML:`, problems);
}

interface Collector {
  readonly given: GivenFields;
  readonly directory: string;
  readonly where: (node: Node) => string;
  /** Gives the node itself or the one an alias stands for; undefined for an alias of nothing. */
  readonly resolveAlias: (node: unknown) => unknown;
}

/** Descends into known sections only, so neither deep nesting nor aliases of aliases cost anything. */
function collectFromMap(map: YAMLMap, section: string, collector: Collector): void {
  const { given, directory, where, resolveAlias } = collector;
  const seen = new Set<string>();
  for (const { key: keyNode, value: valueNode } of map.items) {
    const key = isScalar(keyNode) ? String(keyNode.value) : 'a complex key';
    const path = section === '' ? key : `${section}.${key}`;
    const place = isScalar(keyNode) ? where(keyNode) : '';
    if (seen.has(key)) {
      given.problems.push({ path, message: `is given twice${place}` });
      continue;
    }
    seen.add(key);
    const node = resolveAlias(valueNode);
    if (node === undefined) {
      given.problems.push({ path, message: `names an anchor that is not there${place}` });
      continue;
    }
    const field = findField(path);
    if (field !== undefined) {
      given.fields.set(field.path, { reading: readFieldValue(field, plainValue(node)), where: place, directory });
    } else if (!sectionPaths.has(path)) {
      // Beyond what is shown, looking for the nearest name is for nothing.
      const isShown = given.problems.length < MAX_SHOWN_PROBLEMS;
      given.problems.push({ path, message: isShown ? describeUnknownField(path, section) + place : 'unknown field' });
    } else if (isMap(node)) {
      collectFromMap(node, path, collector);
    } else if (plainValue(node) !== null) {
      given.problems.push({ path, message: `is ${quote(plainValue(node))}; expected a mapping of fields${place}` });
    }
  }
}

/** A scalar's value; for lists and mappings an empty one, since no field holds either. */
function plainValue(node: unknown): unknown {
  if (node === null || node === undefined) return null;
  if (isScalar(node)) return node.value ?? null;
  return isSeq(node) ? [] : {};
}
