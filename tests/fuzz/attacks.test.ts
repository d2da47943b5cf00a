/** The hostile files made by hand that are read quickly; `node tests/fuzz/attack.ts` has all of them, with time and memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerTo } from './attack.ts';
import { allAttacks } from './attacks/all-attacks.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bleubird-attack-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('an attack is answered by an error of ours that says what is wrong, or taken where it does no harm', () => {
  it.each(allAttacks.filter(({ isHeavy }) => isHeavy !== true))('$name', async (attack) => {
    attack.make(folder);
    const answer = await answerTo(attack, folder);
    if (attack.answer === null) expect(answer).toBeNull();
    else expect(answer).toMatch(attack.answer);
  });
});
