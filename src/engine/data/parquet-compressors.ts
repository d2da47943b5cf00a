/** The ways a page of a parquet file may be packed: by Node's own zlib, and what it lacks. */
import zlib from 'node:zlib';
import { unpackHadoopLz4, unpackLz4Block } from './unpack-lz4.ts';
import { unpackSnappy } from './unpack-snappy.ts';

/** A page holds about a megabyte, and one row at least; what claims far more was made to exhaust a machine. */
export const MAX_PAGE_BYTES = 1 << 28;
/** As for packed text (read-bytes.ts): a large page that comes from next to nothing is a bomb. */
const MAX_RATIO = 200;
const MIN_BOMB_BYTES = 1 << 24;

type Unpack = (packed: Buffer, sizeBytes: number) => Buffer;

const unpackers: Readonly<Record<string, Unpack>> = {
  UNCOMPRESSED: (page) => page,
  SNAPPY: unpackSnappy,
  GZIP: (packed, sizeBytes) => zlib.gunzipSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) }),
  BROTLI: (packed, sizeBytes) => zlib.brotliDecompressSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) }),
  LZ4_RAW: unpackLz4Block,
  LZ4: unpackHadoopLz4,
  // From Node 22.15 on.
  ...(typeof zlib.zstdDecompressSync === 'function'
    ? {
        ZSTD: (packed: Buffer, sizeBytes: number) =>
          zlib.zstdDecompressSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) }),
      }
    : {}),
};

/** The names of what can be unpacked. */
export const parquetCodecs: readonly string[] = Object.keys(unpackers);

/** Unpacks a page. @throws {Error} when it is damaged, not as large as its header says, or larger than a page can be */
export function unpackPage(codec: string, packed: Buffer, sizeBytes: number): Buffer {
  if (!(sizeBytes >= 0 && sizeBytes <= MAX_PAGE_BYTES)) {
    throw new RangeError(`a page would unpack to ${sizeBytes} bytes; at most ${MAX_PAGE_BYTES} are read`);
  }
  if (sizeBytes > MIN_BOMB_BYTES && sizeBytes > MAX_RATIO * packed.length) {
    throw new RangeError(
      `a page of ${packed.length} bytes would unpack to ${sizeBytes}, more than ${MAX_RATIO} times as many`,
    );
  }
  // Pages of version 2 are empty where all their texts are null.
  const page = sizeBytes === 0 && packed.length === 0 ? packed : unpackers[codec]?.(packed, sizeBytes);
  if (page?.length !== sizeBytes) {
    throw new RangeError(`a page unpacks to ${page?.length} bytes; its header says ${sizeBytes}`);
  }
  return page;
}
