/** Which Node the program needs; kept free of imports and new syntax, so that an old Node can run it. */

const NEEDED = [22, 12] as const;

/** Says what is wrong with a version of Node and how to cure it; null when it will do. */
export function describeOldNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return null;
  return (
    `error: bleubird needs Node ${NEEDED.join('.')} or newer; this is Node ${version}.\n` +
    'hint: after `npm ci` the project brings its own: run `npx bleubird …` or `npm run bleubird -- …`.\n'
  );
}
