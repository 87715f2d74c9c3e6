// A model's program as a GraphDef: one node per kernel call, within its layer; one per weight and input.
import type { Program, ProgramValue } from '../../graph/program.js';
import { type Bytes, bytes, integer, join, message, text } from './protobuf.js';

/** Numbers of TensorFlow's DataType. */
const types = { float32: 1, int32: 3, uint8: 4, bool: 10 } as const;

/** A field of NodeDef's map of attributes. */
const attribute = (name: string, value: Bytes): Bytes => message(5, text(1, name), bytes(2, value));

const shapeField = (field: number, shape: readonly number[]): Bytes =>
  message(field, ...shape.map((size) => message(2, integer(1, size))));

function node(
  name: string,
  op: string,
  inputs: readonly string[],
  outputs: readonly ProgramValue[],
): Bytes {
  const attributes = [
    attribute('_output_shapes', message(1, ...outputs.map((value) => shapeField(7, value.shape)))),
    ...(outputs.length > 0 ? [attribute('dtype', integer(6, types[outputs[0].dtype]))] : []),
  ];
  return message(1, text(1, name), text(2, op), ...inputs.map((i) => text(3, i)), ...attributes);
}

/** Names that differ, in TensorFlow's alphabet: `dense/matmul`, `dense/matmul_1`. */
class Names {
  private readonly uses = new Map<string, number>();

  fresh(wanted: string): string {
    const name = wanted.replace(/[^A-Za-z0-9_.\\/>-]/g, '_').replace(/^[^A-Za-z0-9.]+/, '');
    const n = this.uses.get(name) ?? 0;
    this.uses.set(name, n + 1);
    return n === 0 ? name : this.fresh(`${name}_${n}`);
  }
}

const sourceOps = {
  input: 'Placeholder',
  feed: 'Placeholder',
  state: 'VariableV2',
  binding: 'Const',
} as const;

/** The graph of a program, an Event's `graph_def` field. A weight stands with the layer that reads it. */
export function graphOf(program: Program): Bytes {
  const names = new Names();
  const nodes: Bytes[] = [];
  /** What makes each value: a call, or the slot that it is in. */
  const makers = new Map<number, string>();
  const slots = new Map<string, string>();
  const makerOf = (id: number, scope: string): string => {
    const known = makers.get(id);
    if (known !== undefined) return known;
    const value = program.values[id];
    if (value.viewOf !== undefined) return makerOf(value.viewOf, scope);
    const { storage } = value;
    if (storage.kind === 'arena' || storage.kind === 'output') {
      throw new RangeError(`${program.name}: value ${id} is read before it is made.`);
    }
    const slot = `${storage.kind}${storage.slot}`;
    const name = slots.get(slot) ?? names.fresh(storage.kind === 'state' ? scope + slot : slot);
    if (!slots.has(slot)) nodes.push(node(name, sourceOps[storage.kind], [], [value]));
    slots.set(slot, name);
    return name;
  };
  for (const { kernel, inputs, outputs, path } of program.instructions) {
    const scope = path ? `${path}/` : '';
    const sources = inputs.map((id) => makerOf(id, scope));
    const name = names.fresh(scope + kernel);
    const made = outputs.map((id) => program.values[id]);
    nodes.push(node(name, kernel, sources, made));
    for (const [i, id] of outputs.entries()) makers.set(id, i === 0 ? name : `${name}:${i}`);
  }
  return bytes(4, join([...nodes, message(4, integer(1, 1))]));
}
