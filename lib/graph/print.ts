// A Program as text: one line per kernel call, with shapes, layer, FLOPs and bytes.
import { formatShape } from '../tensor/shape.js';
import type { Program, ProgramValue } from './program.js';

const shortType = { float32: 'f32', int32: 'i32', uint8: 'u8', bool: 'bool' } as const;

const units = ['', 'k', 'M', 'G', 'T'];

/** 1234567 → `1.2M`. */
export function formatCount(n: number): string {
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

function formatValue(program: Program, id: number): string {
  const value = program.values[id];
  return `${placeOf(value, id)}:${shortType[value.dtype]}${formatShape(value.shape)}`;
}

function placeOf({ storage }: ProgramValue, id: number): string {
  if (storage.kind === 'arena') return `%${id}@${storage.offset}`;
  return `${storage.kind}${storage.slot}`;
}

/**
 * The program's text, as `model.program('train').toString()` gives it.
 *
 * @param methods the algorithm of each call, empty where its kernel has but one
 */
export function formatProgram(program: Program, methods: readonly string[] = []): string {
  const flops = program.instructions.reduce((n, i) => n + i.flops, 0);
  const bytes = program.instructions.reduce((n, i) => n + i.bytes, 0);
  const { inputs, feeds, states, outputs } = program.slots;
  const lines = [
    `program ${program.name}: ${program.instructions.length} calls, ${formatCount(flops)}FLOP, ${formatCount(bytes)}B moved, arena ${formatCount(program.arenaBytes)}B`,
    `slots: ${inputs} inputs, ${feeds} feeds, ${states} states, ${outputs} outputs, ${program.bindings.length} bindings`,
  ];
  return [...lines, ...formatInstructions(program, methods)].join('\n');
}

/** One line per call; those of a loop's body after it, indented. */
function formatInstructions(program: Program, methods: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [i, instruction] of program.instructions.entries()) {
    if (i === program.commit) lines.push('commit:');
    const outs = instruction.outputs.map((id) => formatValue(program, id)).join(', ');
    const ins = instruction.inputs.map((id) => formatValue(program, id)).join(', ');
    const attrs = Object.entries(instruction.attrs)
      .map(([name, value]) => ` ${name}=${Array.isArray(value) ? `[${value}]` : value}`)
      .join('');
    const cost = `${formatCount(instruction.flops)}FLOP ${formatCount(instruction.bytes)}B`;
    const path = instruction.path ? `  ${instruction.path}` : '';
    const left = outs ? `${outs} = ` : '';
    const method = methods[i] ? ` by ${methods[i]}` : '';
    lines.push(`  ${left}${instruction.kernel}(${ins})${attrs}${method}  # ${cost}${path}`);
    if (instruction.body) {
      lines.push(...formatInstructions(instruction.body, []).map((line) => `  ${line}`));
    }
  }
  return lines;
}
