/**
 * Reads a pickle, restricted to what torch.save writes for tensors in containers (protocols 2 to 4). Python's pickle is
 * a small program for a stack machine that may call anything; here the only names are those of torch-globals.ts, which
 * stand for descriptions, and the sizes below bound time and memory whatever the file says.
 */
import type { ModelError } from '../../../errors.ts';
import { damagedFile, refusedGlobal, unsupportedFile } from './file-faults.ts';
import type { PickleDict, PickleTuple, PickleValue, TorchGlobal } from './pickle-value.ts';
import { applyGlobal, findGlobal, resolvePersistentId } from './torch-globals.ts';

/** A tensor takes about 60 opcodes, 6 containers and 15 memo entries. */
const PICKLE_LIMITS = {
  opcodes: 4_000_000,
  containers: 400_000,
  memo: 1_000_000,
  stack: 100_000,
  textBytes: 65_536,
} as const;

export interface Unpickled {
  readonly value: PickleValue;
  /** Where the pickle ends in the bytes given: the first byte after it. */
  readonly end: number;
}

/**
 * Gives what a pickle builds.
 *
 * @param bytes  holds the pickle, from `start` on
 * @param place  the file in errors, and where `bytes` begin in it
 * @throws {ModelError} when it is cut off, over a limit, or names or does anything but build tensors
 */
export function unpickle(
  bytes: Buffer,
  start: number,
  place: { readonly path: string; readonly fileOffset: number },
): Unpickled {
  return new Unpickler(bytes, start, place).run();
}

class Unpickler {
  readonly #bytes: Buffer;
  readonly #path: string;
  readonly #fileOffset: number;
  /** Where the current opcode is. */
  #opcodeAt: number;
  #position: number;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack at the open marks. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #containers = 0;

  constructor(bytes: Buffer, start: number, { path, fileOffset }: { path: string; fileOffset: number }) {
    this.#bytes = bytes;
    this.#position = start;
    this.#opcodeAt = start;
    this.#path = path;
    this.#fileOffset = fileOffset;
  }

  run(): Unpickled {
    for (let count = 0; count < PICKLE_LIMITS.opcodes; count++) {
      this.#opcodeAt = this.#position;
      const opcode = this.#take(1)[0] ?? 0;
      if (opcode === STOP) return { value: this.#pop(), end: this.#position };
      this.#execute(opcode);
      if (this.#stack.length + this.#marks.length > PICKLE_LIMITS.stack) throw this.#over('stack', 'nested values');
    }
    throw this.#over('opcodes', 'instructions');
  }

  #execute(opcode: number): void {
    const value = this.#valueOf(opcode);
    if (value === undefined) this.#rearrange(opcode);
    else this.#stack.push(value);
  }

  /** What an instruction pushes, undefined for those that do something else. */
  #valueOf(opcode: number): PickleValue | undefined {
    switch (opcode) {
      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;
      case 0x4a: // BININT
        return this.#take(4).readInt32LE();
      case 0x4b: // BININT1
        return this.#uint8();
      case 0x4d: // BININT2
        return this.#take(2).readUInt16LE();
      case 0x8a: // LONG1
        return longInteger(this.#take(this.#uint8()));
      case 0x47: // BINFLOAT
        return this.#take(8).readDoubleBE();
      case 0x58: // BINUNICODE
        return this.#text(this.#uint32());
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING, Python 2
        return this.#text(this.#uint8());
      case 0x29: // EMPTY_TUPLE
        return this.#tuple([]);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#tuple(this.#popLast(opcode - 0x84));
      case 0x74: // TUPLE
        return this.#tuple(this.#popToMark());
      case 0x5d: // EMPTY_LIST
        this.#countContainer();
        return { type: 'list', items: [] };
      case 0x7d: // EMPTY_DICT
        this.#countContainer();
        return { type: 'dict', entries: new Map() };
      case 0x68: // BINGET
        return this.#recall(this.#uint8());
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#uint32());
      case 0x63: // GLOBAL
        return this.#global(this.#line(), this.#line());
      case 0x93: // STACK_GLOBAL
        return this.#global(...this.#popTwoTexts());
      case 0x52: // REDUCE
        return this.#reduce();
      case 0x51: // BINPERSID
        return resolvePersistentId(this.#pop(), (what) => this.#damaged(what));
      default:
        return undefined;
    }
  }

  #rearrange(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        this.#checkProtocol(this.#uint8());
        break;
      case 0x95: // FRAME: a length for readers that fetch ahead
        this.#take(8);
        break;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        break;
      case 0x61: // APPEND
        this.#append(this.#popLast(1));
        break;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popLast(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        break;
      case 0x71: // BINPUT
        this.#remember(this.#uint8());
        break;
      case 0x72: // LONG_BINPUT
        this.#remember(this.#uint32());
        break;
      case 0x94: // MEMOIZE
        this.#remember(this.#memo.size);
        break;
      case 0x62: // BUILD
        this.#build();
        break;
      default:
        throw unsupportedFile(
          this.#path,
          `has the pickle instruction 0x${opcode.toString(16).padStart(2, '0')} at byte ${this.#offset()}, which no tensor needs`,
        );
    }
  }

  #checkProtocol(protocol: number): void {
    if (protocol >= 2 && protocol <= 4) return;
    throw unsupportedFile(
      this.#path,
      `is a pickle of protocol ${protocol} at byte ${this.#offset()}, expected 2, 3 or 4`,
    );
  }

  #global(module: string, name: string): TorchGlobal {
    const found = findGlobal(`${module}.${name}`);
    if (found === null) throw refusedGlobal(this.#path, `${module}.${name}`, this.#offset());
    return found;
  }

  #reduce(): PickleValue {
    const [callee = null, args = null] = this.#popLast(2);
    if (!isGlobal(callee) || !isTuple(args)) throw this.#damaged('a call of what is no function');
    this.#countContainer();
    return applyGlobal(callee, args.items, (what) => this.#damaged(what));
  }

  /** Sets attributes in Python. A state dict has one, `_metadata`, which no weight depends on. */
  #build(): void {
    this.#pop();
    const target = this.#stack.at(-1) ?? null;
    if (!isDict(target)) throw this.#damaged('attributes for what is no dictionary');
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#stack.at(-1);
    if (typeof list !== 'object' || list?.type !== 'list') throw this.#damaged('items for what is no list');
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#stack.at(-1) ?? null;
    if (!isDict(dict) || items.length % 2 !== 0) throw this.#damaged('entries for what is no dictionary');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== 'string') throw this.#damaged('a dictionary whose key is no text');
      dict.entries.set(key, items[i + 1] ?? null);
    }
  }

  #remember(index: number): void {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#damaged('a value to remember, but the stack is empty');
    if (this.#memo.size >= PICKLE_LIMITS.memo) throw this.#over('memo', 'remembered values');
    this.#memo.set(index, value);
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged(`the remembered value ${index}, which was never set`);
    return value;
  }

  #tuple(items: readonly PickleValue[]): PickleTuple {
    this.#countContainer();
    return { type: 'tuple', items };
  }

  #countContainer(): void {
    this.#containers += 1;
    if (this.#containers > PICKLE_LIMITS.containers) throw this.#over('containers', 'containers');
  }

  #pop(): PickleValue {
    return this.#popLast(1)[0] ?? null;
  }

  #popLast(count: number): PickleValue[] {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) throw this.#damaged('too few values on the stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw this.#damaged('the end of a group that never began');
    return this.#stack.splice(height);
  }

  #popTwoTexts(): [string, string] {
    const [module, name] = this.#popLast(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw this.#damaged('a global whose name is no text');
    return [module, name];
  }

  #uint8(): number {
    return this.#take(1).readUInt8();
  }

  #uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  #text(length: number): string {
    if (length > PICKLE_LIMITS.textBytes) throw this.#over('textBytes', `bytes of text (${length})`);
    return this.#take(length).toString('utf8');
  }

  /** Up to the next newline, which is not part of it. */
  #line(): string {
    const reach = this.#bytes.subarray(this.#position, this.#position + 256);
    const length = reach.indexOf(0x0a);
    if (length === -1) throw this.#damaged('a name that does not end within 256 bytes');
    return this.#take(length + 1).toString('utf8', 0, length);
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw this.#damaged('a pickle that ends in the middle');
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  #offset(): number {
    return this.#fileOffset + this.#opcodeAt;
  }

  #damaged(what: string): ModelError {
    return damagedFile(this.#path, `at byte ${this.#offset()} there is ${what}`);
  }

  #over(limit: keyof typeof PICKLE_LIMITS, what: string): ModelError {
    return unsupportedFile(
      this.#path,
      `has at byte ${this.#offset()} more ${what} than the ${PICKLE_LIMITS[limit]} a file of weights may have`,
    );
  }
}

const STOP = 0x2e;

/** A number where it is exact, so that sizes and counts are numbers; two's complement, little-endian. */
function longInteger(bytes: Buffer): number | bigint {
  if (bytes.length === 0) return 0;
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(bytes.length * 8, value);
  const exact = Number(signed);
  return Number.isSafeInteger(exact) ? exact : signed;
}

function isGlobal(value: PickleValue): value is TorchGlobal {
  return typeof value === 'object' && value?.type === 'global';
}

function isTuple(value: PickleValue): value is PickleTuple {
  return typeof value === 'object' && value?.type === 'tuple';
}

function isDict(value: PickleValue): value is PickleDict {
  return typeof value === 'object' && value?.type === 'dict';
}
