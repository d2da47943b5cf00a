import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { 'sacrebleu-ts': fileURLToPath(new URL('src/sacrebleu-ts/src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    globalSetup: 'tests/support/compile-cache.ts',
    pool: 'forks',
    maxWorkers: availableParallelism(), // of two cores the default leaves one idle
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
