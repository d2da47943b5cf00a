/** Reads sacreBLEU's command line as Python's argparse does: `-sl`, `-w2`, `--width=2`, `--paired-b`, lists until the next flag. */
import { ScoreError } from './score-error.ts';
import { type ScoreFlag, type ScoreFlagName, scoreFlags } from './score-options.ts';

export type ScoreFormat = 'json' | 'text' | 'latex';

/** What was given: a flag that was not is absent. */
export interface GivenFlags {
  readonly switches: ReadonlySet<ScoreFlagName>;
  readonly texts: ReadonlyMap<ScoreFlagName, string>;
  readonly numbers: ReadonlyMap<ScoreFlagName, number>;
  readonly lists: ReadonlyMap<ScoreFlagName, readonly string[]>;
  readonly references: readonly string[];
}

interface FoundFlag {
  readonly name: ScoreFlagName;
  readonly flag: ScoreFlag;
  readonly spelling: string;
  /** After `=`, or grown onto a short name. */
  readonly attached: string | null;
}

const flags = Object.entries(scoreFlags) as readonly (readonly [ScoreFlagName, ScoreFlag])[];

/** @throws {ScoreError} with exit code 2 at a flag or value sacreBLEU would not take, 1 at one that is not available here */
export function readScoreArguments(args: readonly string[]): GivenFlags {
  const switches = new Set<ScoreFlagName>();
  const texts = new Map<ScoreFlagName, string>();
  const numbers = new Map<ScoreFlagName, number>();
  const lists = new Map<ScoreFlagName, readonly string[]>();
  const references: string[] = [];
  let place = 0;
  let isLiteral = false;
  const takeValues = (): string[] => {
    const start = place;
    while (place < args.length && !isFlag(args[place] ?? '')) place++;
    return args.slice(start, place);
  };
  while (place < args.length) {
    const argument = args[place++] ?? '';
    if (argument === '--' && !isLiteral) {
      isLiteral = true;
      continue;
    }
    const found = isLiteral ? null : findFlag(argument);
    if (found === null) {
      references.push(argument);
      continue;
    }
    const { name, flag, spelling, attached } = found;
    if (flag.kind === 'unavailable') {
      throw new ScoreError(
        `${spelling} needs sacreBLEU's test sets, which come from the network: bleubird has none.`,
        1,
        {
          hint: 'give the references as files: bleubird score REF… -i HYP…',
        },
      );
    }
    if (flag.kind === 'switch') {
      if (attached !== null) throw new ScoreError(`argument ${spelling}: ignored explicit argument '${attached}'`, 2);
      switches.add(name);
    } else if (flag.kind === 'list' || flag.kind === 'optional-list') {
      const values = attached === null ? takeValues() : [attached];
      if (flag.kind === 'list' && values.length === 0) {
        throw new ScoreError(`argument ${spelling}: expected at least one argument`, 2);
      }
      for (const value of values) requireChoice(flag, spelling, value);
      lists.set(name, values);
    } else {
      const next = args[place];
      const value = attached ?? (next !== undefined && !isFlag(next) ? args[place++] : undefined);
      if (value === undefined) throw new ScoreError(`argument ${spelling}: expected one argument`, 2);
      requireChoice(flag, spelling, value);
      if (flag.kind === 'text') texts.set(name, value);
      else numbers.set(name, readNumber(flag, spelling, value));
    }
  }
  if (switches.has('pairedAr') && switches.has('pairedBs')) {
    throw new ScoreError('argument --paired-bs/-pbs: not allowed with argument --paired-ar/-par', 2);
  }
  return { switches, texts, numbers, lists, references };
}

/** A negative number is a value, and so is a lone dash. */
function isFlag(argument: string): boolean {
  return argument.startsWith('-') && argument !== '-' && !/^-\d+$|^-\d*\.\d+$/.test(argument);
}

function findFlag(argument: string): FoundFlag | null {
  if (!isFlag(argument)) return null;
  const sign = argument.indexOf('=');
  const [given, attached] = sign === -1 ? [argument, null] : [argument.slice(0, sign), argument.slice(sign + 1)];
  for (const [name, flag] of flags) {
    if (flag.names.includes(given)) return { name, flag, spelling: flag.names.join('/'), attached };
  }
  const starts = flags.flatMap(([name, flag]) =>
    flag.names.filter((known) => given.length > 2 && known.startsWith(given)).map((known) => ({ name, flag, known })),
  );
  if (new Set(starts.map(({ name }) => name)).size > 1) {
    const could = starts.map(({ known }) => known).join(', ');
    throw new ScoreError(`ambiguous option: ${given} could match ${could}`, 2);
  }
  const [only] = starts;
  if (only !== undefined) return { name: only.name, flag: only.flag, spelling: only.flag.names.join('/'), attached };
  // A value grown onto a name of one letter, such as -w2.
  if (!argument.startsWith('--')) {
    for (const [name, flag] of flags) {
      const short = flag.names.find((known) => known.length === 2 && argument.startsWith(known));
      if (short !== undefined && flag.kind !== 'switch') {
        return { name, flag, spelling: flag.names.join('/'), attached: argument.slice(2) };
      }
    }
  }
  throw new ScoreError(`unrecognized arguments: ${argument}`, 2, {
    hint: 'bleubird score --help lists the flags',
  });
}

function requireChoice({ choices }: ScoreFlag, spelling: string, value: string): void {
  if (choices === undefined || choices.includes(value)) return;
  const expected = choices.map((choice) => `'${choice}'`).join(', ');
  throw new ScoreError(`argument ${spelling}: invalid choice: '${value}' (choose from ${expected})`, 2);
}

function readNumber({ kind }: ScoreFlag, spelling: string, text: string): number {
  const isRight =
    kind === 'integer' ? /^\s*[-+]?\d+\s*$/.test(text) : text.trim() !== '' && Number.isFinite(Number(text));
  if (isRight) return Number(text);
  throw new ScoreError(`argument ${spelling}: invalid ${kind === 'integer' ? 'int' : 'float'} value: '${text}'`, 2);
}
