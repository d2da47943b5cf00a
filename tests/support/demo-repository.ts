/** The demo model as a repository of the fake hub: its weights and tokenizers are large files there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoModel } from './demo-model.ts';
import { addRepository, type FakeHub, type FakeRepository } from './fake-hub.ts';

/** Adds it as `Org/demo`. */
export function addDemoRepository(hub: FakeHub): FakeRepository {
  const entries = readdirSync(demoModel).map(
    (name) =>
      [name, { bytes: readFileSync(join(demoModel, name)), isLarge: /\.(safetensors|spm)$/.test(name) }] as const,
  );
  return addRepository(hub, { id: 'Org/demo', files: new Map(entries) });
}
