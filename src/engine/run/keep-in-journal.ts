/**
 * What a trainer does with events that no runner takes any more: it adds them to the run's journal, in the runner's own
 * form, so that whoever takes the run up again finds every number before the checkpoint.
 */
import { closeSync, existsSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { READ_AND_APPEND } from '../files/append-flags.ts';
import type { TrainerJournal } from './protocol.ts';
import type { WireEnvelope } from './wire.ts';

const TAIL_BYTES = 64 * 1024;

/**
 * Gives back a function that keeps messages in the journal. The run's runner writes the journal while it lives: it is for
 * a trainer whose channel is closed. What could not be written, or not be flushed, is written again before the next.
 *
 * @param onFailure  called when the journal cannot be written: the messages are lost, unless the next can be
 */
export function keepInJournal(
  { path, lastSeq }: TrainerJournal,
  now: () => number,
  onFailure: (error: unknown) => void,
): (messages: readonly WireEnvelope[]) => void {
  let unkept: readonly WireEnvelope[] = [];
  /** Where in the file those begin that may have reached it, but not the disk: after a failed flush no other tells. */
  let unsureFrom = Number.POSITIVE_INFINITY;
  const append = (file: number, lines: string) => {
    if (fstatSync(file).size > unsureFrom) ftruncateSync(file, unsureFrom);
    dropTornTail(file);
    unsureFrom = fstatSync(file).size;
    const bytes = Buffer.from(lines);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fdatasyncSync(file);
  };
  return (messages) => {
    if (!existsSync(path)) return; // the run was deleted
    unkept = [...unkept, ...messages];
    try {
      const file = openSync(path, READ_AND_APPEND, 0o600);
      try {
        append(file, unkept.map((wire) => journalLine({ ...wire, seq: lastSeq + wire.seq }, now())).join(''));
      } finally {
        closeSync(file);
      }
      unkept = [];
      unsureFrom = Number.POSITIVE_INFINITY;
    } catch (error) {
      onFailure(error);
    }
  };
}

/** As `journalLine` of the store writes an event. */
function journalLine(envelope: WireEnvelope, at: number): string {
  const text = JSON.stringify({ type: 'event', at, envelope });
  return `{"crc":${crc32(text)},"entry":${text}}\n`;
}

/** The runner may have been killed within a line. */
function dropTornTail(file: number): void {
  const { size } = fstatSync(file);
  for (let end = size; end > 0; ) {
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, end));
    const start = end - tail.length;
    readSync(file, tail, 0, tail.length, start);
    const newline = tail.lastIndexOf(10);
    if (newline >= 0) {
      if (start + newline + 1 < size) ftruncateSync(file, start + newline + 1);
      return;
    }
    end = start;
  }
}
