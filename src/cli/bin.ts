#!/usr/bin/env node
/** The program's way in. It checks the version of Node before anything that needs a newer one is loaded. */
import { fileURLToPath } from 'node:url';
import { describeOldNode } from './node-version.ts';

const complaint = describeOldNode(process.versions.node);
if (complaint === null) {
  const { runProgram } = await import('./run-program.ts');
  await runProgram();
} else {
  const { findOwnNode, runWithNode } = await import('./own-node.ts');
  const node = findOwnNode();
  if (node === null) {
    process.stderr.write(complaint);
    process.exitCode = 1;
  } else {
    process.exitCode = await runWithNode(node, fileURLToPath(import.meta.url), process.argv.slice(2));
  }
}
