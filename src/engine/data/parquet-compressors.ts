/** The ways a parquet file may be packed, by Node's own zlib; snappy is hyparquet's. */
import zlib from 'node:zlib';
import { type Compressors, snappyUncompress } from 'hyparquet';

/** A page holds about a megabyte, and one row at least; what claims far more was made to exhaust a machine. */
const MAX_PAGE_BYTES = 1 << 28;
/** As for packed text (read-bytes.ts): a large page that comes from next to nothing is a bomb. */
const MAX_RATIO = 200;
const MIN_BOMB_BYTES = 1 << 24;

type Unpack = (packed: Uint8Array, sizeBytes: number) => Uint8Array;

const unpackers: Readonly<Record<string, Unpack>> = {
  SNAPPY: (packed, sizeBytes) => {
    const page = new Uint8Array(sizeBytes);
    snappyUncompress(packed, page);
    return page;
  },
  GZIP: (packed, sizeBytes) => zlib.gunzipSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) }),
  BROTLI: (packed, sizeBytes) => zlib.brotliDecompressSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) }),
  // From Node 22.15 on.
  ...(typeof zlib.zstdDecompressSync === 'function'
    ? {
        ZSTD: (packed: Uint8Array, sizeBytes: number) =>
          zlib.zstdDecompressSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) }),
      }
    : {}),
};

/** The names of what can be unpacked. */
export const parquetCodecs: readonly string[] = ['UNCOMPRESSED', ...Object.keys(unpackers)];

/** Unpacks pages, none larger than its header says, and none larger than a page can be. */
export const parquetCompressors: Compressors = Object.fromEntries(
  Object.entries(unpackers).map(([codec, unpack]) => [
    codec,
    (packed: Uint8Array, sizeBytes: number): Uint8Array => {
      if (!(sizeBytes >= 0 && sizeBytes <= MAX_PAGE_BYTES)) {
        throw new RangeError(`a page would unpack to ${sizeBytes} bytes; at most ${MAX_PAGE_BYTES} are read`);
      }
      if (sizeBytes > MIN_BOMB_BYTES && sizeBytes > MAX_RATIO * packed.length) {
        throw new RangeError(
          `a page of ${packed.length} bytes would unpack to ${sizeBytes}, more than ${MAX_RATIO} times as many`,
        );
      }
      return unpack(packed, sizeBytes);
    },
  ]),
);
