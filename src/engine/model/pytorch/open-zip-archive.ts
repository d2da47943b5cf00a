/** The form torch.save writes since 1.6: a zip file with `data.pkl` and each storage as a record `data/<key>`. */
import type { FileHandle } from 'node:fs/promises';
import { readRange } from '../read-range.ts';
import { damagedFile, quoted, unsupportedFile } from './file-faults.ts';
import { MAX_PICKLE_BYTES, type TorchArchive } from './torch-archive.ts';
import { unpickle } from './unpickle.ts';
import { readZipRecords, type ZipRecords } from './zip-records.ts';

/** @param size bytes of the file. @throws {ModelError} */
export async function openZipArchive(file: FileHandle, path: string, size: number): Promise<TorchArchive> {
  const records = await readZipRecords(file, path, size);
  const folder = folderOf(records, path);
  await assertLittleEndian(records, folder, file, path);
  const pickle = await records.locate(`${folder}data.pkl`);
  if (pickle === null || pickle.sizeBytes > MAX_PICKLE_BYTES) {
    throw unsupportedFile(
      path,
      `describes its tensors in ${pickle?.sizeBytes} bytes, expected at most ${MAX_PICKLE_BYTES}`,
    );
  }
  const bytes = Buffer.from((await readRange(file, path, pickle.start, pickle.sizeBytes)).buffer);
  return {
    value: unpickle(bytes, 0, { path, fileOffset: pickle.start }).value,
    async locate(key, sizeBytes) {
      const record = await records.locate(`${folder}data/${key}`);
      if (record === null) throw damagedFile(path, `it has no record for the storage ${quoted(key)}`);
      if (record.sizeBytes !== sizeBytes) {
        throw damagedFile(
          path,
          `the storage ${quoted(key)} at byte ${record.start} has ${record.sizeBytes} bytes, but its tensors need ${sizeBytes}`,
        );
      }
      return record.start;
    },
  };
}

/** All records lie in one folder, usually named after the file. */
function folderOf({ names }: ZipRecords, path: string): string {
  const found = names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (found === undefined) throw unsupportedFile(path, 'is a zip file, but not one of PyTorch: it has no data.pkl');
  return found.slice(0, -'data.pkl'.length);
}

async function assertLittleEndian(records: ZipRecords, folder: string, file: FileHandle, path: string): Promise<void> {
  const record = await records.locate(`${folder}byteorder`);
  if (record === null) return; // older than PyTorch 2.1
  const order = Buffer.from(await readRange(file, path, record.start, Math.min(record.sizeBytes, 80))).toString('utf8');
  if (order !== 'little')
    throw unsupportedFile(path, `has numbers in the byte order ${quoted(order)}, expected little`);
}
