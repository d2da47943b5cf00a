/**
 * Events as they travel and as journals keep them: as they are, but metric points as a table, a row a step. Points are what
 * there is much of; a table costs the trainer a tenth of what objects do. Small ones stay readable, large ones are base64.
 */
import { endianness } from 'node:os';
import * as z from 'zod';
import { type Envelope, envelope, type TrainerEvent, type TrainerEventOf, trainerEvent } from './protocol.ts';

/** Values in numbers up to so many, above that as float64, little-endian, in base64. */
const READABLE_VALUES = 100;
const BYTES = Float64Array.BYTES_PER_ELEMENT;

const metricTable = z.object({
  type: z.literal('table'),
  columns: z.array(z.string()),
  steps: z.array(z.number().int().nonnegative()),
  /** Row by row; what is not finite is no number, or null. */
  values: z.union([z.string(), z.array(z.number().nullable())]),
});

export type MetricTable = z.infer<typeof metricTable>;

const wireEnvelope = envelope.extend({
  event: z.discriminatedUnion('type', [...trainerEvent.options, metricTable]),
});

/** An event on the wire. */
export type WireEnvelope = Omit<Envelope, 'event'> & { readonly event: TrainerEvent | MetricTable };

/** A message as it came, once it is known to be one, and what it says. */
export interface ReceivedEvent {
  readonly wire: WireEnvelope;
  readonly envelope: Envelope;
}

/** Gives a table; `values` row by row, as many as steps times columns. */
export function metricTableOf(
  columns: readonly string[],
  steps: readonly number[],
  values: readonly number[],
): MetricTable {
  const isReadable = values.length <= READABLE_VALUES;
  return {
    type: 'table',
    columns: [...columns],
    steps: [...steps],
    values: isReadable ? values.map((value) => (Number.isFinite(value) ? value : null)) : encode(values),
  };
}

/** Reads a message. @throws {z.ZodError} {RangeError} when it is none */
export function readWire(message: unknown): ReceivedEvent {
  const wire = wireEnvelope.parse(message);
  const { event } = wire;
  if (event.type !== 'table') return { wire, envelope: { ...wire, event } };
  return { wire, envelope: { ...wire, event: { type: 'metrics', points: pointsOf(event) } } };
}

function pointsOf({ columns, steps, values: encoded }: MetricTable): TrainerEventOf<'metrics'>['points'] {
  const values = typeof encoded === 'string' ? decode(encoded) : encoded;
  if (values.length !== columns.length * steps.length) {
    throw new RangeError(`a table of ${steps.length} steps and ${columns.length} columns has ${values.length} values`);
  }
  return steps.flatMap((step, row) =>
    columns.map((metric, column) => {
      const value = values[row * columns.length + column] ?? null;
      return { metric, step, value: value !== null && Number.isFinite(value) ? value : null };
    }),
  );
}

function encode(values: readonly number[]): string {
  const bytes = Buffer.from(new Float64Array(values).buffer);
  return inLittleEndian(bytes).toString('base64');
}

function decode(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % BYTES !== 0)
    throw new RangeError(`${bytes.length} bytes of values; expected a multiple of ${BYTES}`);
  return new Float64Array(Uint8Array.from(inLittleEndian(bytes)).buffer);
}

function inLittleEndian(bytes: Buffer): Buffer {
  return endianness() === 'LE' ? bytes : bytes.swap64();
}
