import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { identityOf } from '../../src/runner/process-identity.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder } from '../store/new-store.ts';
import { envelopes, newRun } from '../store/run-events.ts';

/** A run whose runner is dead and whose trainer goes on saving for so long. */
export async function orphanedRun(store: Store, savesForMs: number) {
  const writer = store.createRun(newRun({ id: 'orphaned', runner: { ...identityOf(), processStart: '1' } }));
  const folder = join(writer.directory, 'checkpoints', '.unfinished-checkpoint-3');
  const script = join(temporaryFolder(), 'trainer.js');
  writeFileSync(
    script,
    `const save = () => require('node:fs').mkdirSync(${JSON.stringify(folder)}, { recursive: true });
     save();
     process.stdout.write('saving');
     setInterval(save, 20);
     setTimeout(() => process.exit(), ${savesForMs});`,
  );
  const trainer = spawn(process.execPath, [script, writer.directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const hasEnded = once(trainer, 'exit');
  onTestFinished(() => {
    trainer.kill('SIGKILL');
  });
  const { pid = 0 } = trainer;
  writer.record(envelopes()({ type: 'ready', pid, versions: {}, device: 'cpu', description: '', why: '' }));
  store.markInterrupted('orphaned');
  await once(trainer.stdout, 'data');
  return { directory: writer.directory, pid, hasEnded };
}
