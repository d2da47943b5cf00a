import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepInJournal } from '../../../src/engine/run/keep-in-journal.ts';
import { temporaryFolder } from '../../store/new-store.ts';

test.skipIf(process.platform === 'win32')(
  'A link in the place of the journal is refused: what it leads to stays.',
  () => {
    const folder = temporaryFolder();
    const [path, other] = [join(folder, 'journal.jsonl'), join(folder, 'other')];
    writeFileSync(other, 'of somebody else');
    symlinkSync(other, path);
    const failures: unknown[] = [];
    const keep = keepInJournal({ path, lastSeq: 0 }, Date.now, (error) => failures.push(error));
    keep([{ v: 1, seq: 1, time: 0, event: { type: 'warning', message: 'words' } }]);
    expect(failures).toEqual([expect.objectContaining({ code: 'ELOOP' })]);
    expect(readFileSync(other, 'utf8')).toBe('of somebody else');
  },
);
