import { ZodError } from 'zod';
import { readWire } from '../engine/run/wire.ts';
import type { ParseEnvelope } from '../store/read-journal.ts';

/** Reads an event out of a journal. */
export const parseEnvelope: ParseEnvelope = (value) => {
  try {
    return readWire(value).envelope;
  } catch (error) {
    if (error instanceof RangeError || error instanceof ZodError) return null;
    throw error;
  }
};
