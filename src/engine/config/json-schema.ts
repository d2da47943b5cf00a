/**
 * The JSON schema of experiment files, for editors, made from the field table.
 * It is committed as experiments/experiment.schema.json; after a change of the table write it anew with
 * `npx node src/engine/config/json-schema.ts > experiments/experiment.schema.json && npx biome format --write experiments`.
 * A test compares the two.
 */
import { corpusPaths, type ExperimentField, experimentFields } from './experiment-fields.ts';
import type { FieldDescription } from './field.ts';

interface JsonSchema {
  [keyword: string]: unknown;
}

/** Gives the schema as an object, keywords of JSON Schema draft 7, which editors know best. */
export function experimentJsonSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'bleubird experiment',
    description: 'One fine-tuning of a machine-translation model. Relative paths start from the folder of the file.',
    ...objectSchema(''),
  };
}

/** The schema of the mapping at a dotted path, with everything below it. */
function objectSchema(section: string): JsonSchema {
  const prefix = section === '' ? '' : `${section}.`;
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of experimentFields) {
    if (!field.path.startsWith(prefix)) continue;
    const [key = '', ...deeper] = field.path.slice(prefix.length).split('.');
    const path = prefix + key;
    if (deeper.length === 0) properties[key] = valueSchema(field);
    else properties[key] ??= isCorpus(path) ? corpusSchema(path) : objectSchema(path);
    if (field.isRequired && !required.includes(key) && path !== 'data.validation_corpus') required.push(key);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}

function isCorpus(path: string): path is (typeof corpusPaths)[number] {
  return corpusPaths.some((corpus) => corpus === path);
}

/** One alternative for each format, so that an editor offers the right keys. */
function corpusSchema(corpus: (typeof corpusPaths)[number]): JsonSchema {
  const fields = experimentFields.filter((field) => field.path.startsWith(`${corpus}.`));
  const format = fields.find((field) => field.path === `${corpus}.format`);
  const alternatives = (format?.choices ?? []).map((name) => {
    const own = fields.filter((field) => field.formats?.includes(name));
    return {
      type: 'object',
      title: name,
      properties: {
        format: { const: name, description: format?.description },
        ...Object.fromEntries(own.map((field) => [keyOf(field), valueSchema(field)])),
      },
      required: ['format', ...own.filter((field) => field.isRequired).map(keyOf)],
      additionalProperties: false,
    };
  });
  return { oneOf: format?.isNullable ? [...alternatives, { type: 'null' }] : alternatives };
}

function keyOf({ path }: ExperimentField): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function valueSchema(field: FieldDescription): JsonSchema {
  const schema: JsonSchema = { description: field.unit ? `${field.description} (${field.unit})` : field.description };
  if (!field.isRequired) schema.default = field.default;
  const orNull = (type: string) => (field.isNullable ? [type, 'null'] : type);
  switch (field.kind) {
    case 'number':
    case 'integer':
      schema.type = orNull(field.kind);
      if (field.min !== null) schema[field.excludesMin ? 'exclusiveMinimum' : 'minimum'] = field.min;
      if (field.max !== null) schema[field.excludesMax ? 'exclusiveMaximum' : 'maximum'] = field.max;
      return schema;
    case 'boolean':
      return { ...schema, type: orNull('boolean') };
    case 'choice': {
      const choices: unknown[] = (field.choices ?? []).map((word) =>
        word === 'true' ? true : word === 'false' ? false : word,
      );
      return { ...schema, enum: field.isNullable ? [...choices, null] : choices };
    }
    case 'text':
    case 'path':
      if (field.pattern !== null) schema.pattern = field.pattern.expression.source;
      if (field.isRequired) schema.minLength = 1;
      if (field.maxLength !== null) schema.maxLength = field.maxLength;
      return { ...schema, type: orNull('string') };
  }
  return field.kind satisfies never;
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
