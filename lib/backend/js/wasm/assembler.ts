// A small WebAssembly assembler: functions that return the bytes of expressions and statements, and
// one that wraps function bodies into a module. It knows the few instructions that our kernels use.

/** Bytes of an instruction, with those of its operands before it. */
export type Code = readonly number[];

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest & 127];
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

/** Offset and alignment (as a power of two) of a memory access. */
const access = (alignment: number, offset: number): number[] => [alignment, ...unsigned(offset)];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const sequence = (statements: readonly Code[]): Code => statements.flat();

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value | 0)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x73],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x36,
    ...access(2, offset),
  ],
};

const i64 = {
  extend: (a: Code): Code => [...a, 0xad],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0x7e],
  shiftRight: (a: Code, bits: number): Code => [...a, 0x42, ...signed(bits), 0x88],
  wrap: (a: Code): Code => [...a, 0xa7],
};

/** The 64-bit product of two unsigned 32-bit words, and its two halves. */
export const wide = {
  multiply: (a: Code, b: Code): Code => i64.multiply(i64.extend(a), i64.extend(b)),
  high: (a: Code): Code => i64.wrap(i64.shiftRight(a, 32)),
  low: (a: Code): Code => i64.wrap(a),
};

/** local += amount */
export const advance = (local: number, amount: Code): Code =>
  set(local, i32.add(get(local), amount));

export const f32 = {
  load: (address: Code, offset = 0): Code => [...address, 0x2a, ...access(2, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x38,
    ...access(2, offset),
  ],
};

export const f32x4 = {
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)],
  load: (address: Code, offset = 0): Code => [...address, ...simd(0x00), ...access(2, offset)],
  /** The float at the address, four times. */
  splat: (address: Code, offset = 0): Code => [...address, ...simd(0x09), ...access(2, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...simd(0x0b),
    ...access(2, offset),
  ],
  squareRoot: (a: Code): Code => [...a, ...simd(0xe3)],
  add: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xe4)],
  subtract: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xe5)],
  multiply: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xe6)],
  divide: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xe7)],
};

const emptyBlock = 0x40;
const end = 0x0b;

/** Runs `body` as often as the local `counter` says, at least once; leaves 0 there. */
export const repeat = (counter: number, body: Code): Code => [
  0x03,
  emptyBlock,
  ...body,
  ...set(counter, i32.subtract(get(counter), i32.constant(1))),
  ...get(counter),
  0x0d,
  0,
  end,
];

export const ifElse = (condition: Code, then: Code, otherwise: Code): Code => [
  ...condition,
  0x04,
  emptyBlock,
  ...then,
  0x05,
  ...otherwise,
  end,
];

const valueType = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

/** A function without result. */
export interface WasmFunction {
  readonly name: string;
  /** Number of i32 parameters, which are the first locals; the others follow in this order. */
  readonly parameters: number;
  readonly locals: { readonly i32?: number; readonly i64?: number; readonly v128?: number };
  readonly body: Code;
}

const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];

const text = (name: string): number[] => vector([...name].map((c) => [c.charCodeAt(0)]));

const section = (id: number, items: readonly Code[]): number[] => {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
};

/** A binary module that exports `functions` and a memory of `pages` × 64 KiB named `memory`. */
export function assemble(
  functions: readonly WasmFunction[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const signature = ({ parameters }: WasmFunction): Code => [
    0x60,
    ...vector(new Array<Code>(parameters).fill([valueType.i32])),
    0,
  ];
  const code = ({ locals: { i32 = 0, i64 = 0, v128 = 0 }, body }: WasmFunction): Code => {
    const locals = vector([
      [...unsigned(i32), valueType.i32],
      [...unsigned(i64), valueType.i64],
      [...unsigned(v128), valueType.v128],
    ]);
    return [...unsigned(locals.length + body.length + 1), ...locals, ...body, end];
  };
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functions.map(signature)),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [
      [...text('memory'), 2, 0],
      ...functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]),
    ]),
    ...section(10, functions.map(code)),
  ]);
}
