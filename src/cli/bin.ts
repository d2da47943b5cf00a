#!/usr/bin/env node
/** The program's way in. It checks the version of Node before anything that needs a newer one is loaded. */
import { describeOldNode } from './node-version.ts';

const complaint = describeOldNode(process.versions.node);
if (complaint === null) {
  const { runProgram } = await import('./run-program.ts');
  await runProgram();
} else {
  process.stderr.write(complaint);
  process.exitCode = 1;
}
