// verify() against programs that are wrong on purpose.
import { describe, expect, it } from 'vitest';
import type { Instruction, Program, ProgramValue, Storage } from '../../lib/graph/program.js';
import { verify } from '../../lib/graph/verify.js';
import { TraceError } from '../../lib/util/errors.js';
import '../support/ops.js';

const at = (offset: number): Storage => ({ kind: 'arena', offset });
const slot = (kind: 'input' | 'feed' | 'state' | 'output', n = 0): Storage => ({ kind, slot: n });
const value = (storage: Storage, shape = [16], viewOf?: number): ProgramValue => ({
  dtype: 'float32',
  shape,
  storage,
  ...(viewOf !== undefined && { viewOf }),
});
const run = (kernel: string, inputs: number[], outputs: number[]): Instruction => ({
  kernel,
  inputs,
  outputs,
  attrs: {},
  path: 'model/dense',
  flops: 0,
  bytes: 0,
});

const program = (
  values: ProgramValue[],
  instructions: Instruction[],
  commit = instructions.length,
): Program => ({
  name: 'test',
  values,
  instructions,
  commit,
  arenaBytes: 128,
  slots: { inputs: 1, feeds: 1, states: 2, outputs: 1 },
  bindings: [],
});

const [x, out] = [value(slot('input')), value(slot('output'))];
const weight = value(slot('state'));

const good: readonly [string, Program][] = [
  [
    'a chain',
    program(
      [x, value(at(0)), value(at(64)), out],
      [run('exp', [0], [1]), run('exp', [1], [2]), run('exp', [2], [3])],
    ),
  ],
  [
    'in place',
    program(
      [x, value(at(0)), value(at(0)), out],
      [run('exp', [0], [1]), run('exp', [1], [2]), run('exp', [2], [3])],
    ),
  ],
  [
    'a write to state in the commit',
    program([x, weight, value(slot('state'))], [run('add', [1, 0], [2])], 0),
  ],
  [
    'a view',
    program(
      [x, value(at(0)), value(at(0), [4, 4], 1), out],
      [run('exp', [0], [1]), run('exp', [2], [3])],
    ),
  ],
  [
    'a place used again',
    program(
      [x, value(at(0)), value(at(64)), value(at(0)), out],
      [run('exp', [0], [1]), run('exp', [1], [2]), run('sin', [0], [3]), run('add', [2, 3], [4])],
    ),
  ],
  [
    'empty values share a place',
    program(
      [x, value(at(0), [0]), value(at(0), [0]), out],
      [run('transpose', [1], [2]), run('exp', [0], [3])].slice(1),
    ),
  ],
];

const bad: readonly [string, Program, string][] = [
  [
    'a result overwritten before it is read',
    program(
      [x, value(at(0)), value(at(0)), out],
      [run('exp', [0], [1]), run('sin', [0], [2]), run('add', [1, 2], [3])],
    ),
    'instruction 2 (add, model/dense) reads value 1, which instruction 1 overwrote',
  ],
  [
    'a result overwritten in part',
    program(
      [x, value(at(0)), value(at(32)), out],
      [run('exp', [0], [1]), run('sin', [0], [2]), run('add', [1, 2], [3])],
    ),
    'reads value 1, which instruction 1 overwrote',
  ],
  [
    'a view of what was overwritten',
    program(
      [x, value(at(0)), value(at(0), [4, 4], 1), value(at(0)), out],
      [run('exp', [0], [1]), run('sin', [0], [3]), run('exp', [2], [4])],
    ),
    'reads value 1, which instruction 1 overwrote',
  ],
  [
    'a value that nothing wrote',
    program([x, value(at(0)), out], [run('add', [0, 1], [2])]),
    'instruction 0 (add, model/dense) reads value 1, which nothing wrote',
  ],
  [
    'in place where the kernel cannot',
    program(
      [x, value(at(0)), value(at(0), [16]), out],
      [run('exp', [0], [1]), run('transpose', [1], [2]), run('exp', [2], [3])],
    ),
    'instruction 1 (transpose, model/dense) overwrites its operand 0 while reading it',
  ],
  [
    'in place, shifted',
    program(
      [x, value(at(0)), value(at(32)), out],
      [run('exp', [0], [1]), run('exp', [1], [2]), run('exp', [2], [3])],
    ),
    'overwrites its operand 0 while reading it',
  ],
  [
    'a copy onto itself',
    program(
      [x, value(at(0)), value(at(0)), out],
      [run('exp', [0], [1]), run('copy', [1], [2]), run('exp', [2], [3])],
    ),
    'instruction 1 (copy, model/dense) overwrites its operand 0',
  ],
  [
    'a second operand in place of reluGrad',
    program(
      [x, value(at(0)), value(at(0)), out],
      [run('relu', [0], [1]), run('reluGrad', [0, 1], [2]), run('exp', [2], [3])],
    ),
    'overwrites its operand 1 while reading it',
  ],
  [
    'an old state read after its write',
    program(
      [x, weight, value(slot('state')), out],
      [run('add', [1, 0], [2]), run('exp', [1], [3])],
      0,
    ),
    'instruction 1 (exp, model/dense) reads value 1, which instruction 0 overwrote',
  ],
  [
    'a state written before the commit',
    program([x, weight, value(slot('state'))], [run('add', [1, 0], [2])], 1),
    'instruction 0 (add, model/dense) writes state before the commit',
  ],
  [
    'a kernel that can fail in the commit',
    program([x, value(slot('input')), out], [run('gather', [0, 1], [2])], 0),
    'instruction 0 (gather, model/dense) can fail in the commit',
  ],
  [
    'a write past the arena',
    program([x, value(at(128))], [run('exp', [0], [1])]),
    'writes past the arena',
  ],
  [
    'a write to an input',
    program([x, value(slot('input'))], [run('exp', [0], [1])]),
    'writes input data',
  ],
  [
    'a write to a feed',
    program([x, value(slot('feed'))], [run('exp', [0], [1])]),
    'writes feed data',
  ],
  [
    'two outputs in one place',
    program([x, value(at(0)), value(at(0))], [run('momentum', [0, 0, 0, 0, 0], [1, 2])]),
    'writes two outputs to one place',
  ],
];

describe('verify accepts', () => {
  it.each(good)('%s', (_, p) => expect(() => verify(p)).not.toThrow());
});

describe('verify refuses', () => {
  it.each(bad)('%s', (_, p, message) => {
    expect(() => verify(p)).toThrow(TraceError);
    expect(() => verify(p)).toThrow(message);
  });
});
