// All ops: importing every file of lib/ops registers what it defines.
import { readdirSync } from 'node:fs';
import { type Op, ops } from '../../lib/ops/define.js';

const folder = new URL('../../lib/ops/', import.meta.url);
for (const file of readdirSync(folder)) {
  if (file.endsWith('.ts')) await import(new URL(file, folder).href);
}

/** Every op that is defined anywhere. */
export const allOps: ReadonlyMap<string, Op> = ops;

export function opNamed(name: string): Op {
  const op = ops.get(name);
  if (!op) throw new Error(`There is no op "${name}".`);
  return op;
}
