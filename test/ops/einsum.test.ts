// einsum against the sum written out, for equations of every kind.
import { describe, expect, it } from 'vitest';
import { einsum } from '../../lib/ops/einsum.js';
import '../../lib/graph/evaluate.js';
import { type Shape, sizeOf, stridesOf } from '../../lib/tensor/shape.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, ShapeError } from '../../lib/util/errors.js';
import { expectTensor } from '../support/close.js';
import { checkGradient, real } from '../support/gradcheck.js';
import { seeded } from '../support/random.js';

const sizes: Readonly<Record<string, number>> = {
  a: 2,
  b: 3,
  c: 4,
  d: 5,
  e: 1,
  f: 2,
  Z: 3,
  '.': 2,
};

/** The letters of a term; an ellipsis is two axes, `0` and `1`. */
const lettersOf = (term: string): string[] => [...term.replace('...', '01')];
const shapeOf = (term: string): number[] => lettersOf(term).map((c) => sizes[c] ?? sizes['.']);
const random = (shape: Shape, seed: number): Float32Array =>
  Float32Array.from(seeded(seed).uniforms(sizeOf(shape), -1, 1));

/** The sum over all letters, one product at a time. */
function written(
  terms: readonly string[],
  output: string,
  data: readonly Float32Array[],
): number[] {
  const all = [...new Set([...terms, output].flatMap(lettersOf))];
  const counts = all.map((c) => sizes[c] ?? sizes['.']);
  const out = new Array<number>(sizeOf(shapeOf(output))).fill(0);
  const place = (term: string, index: readonly number[]): number => {
    const strides = stridesOf(shapeOf(term));
    return lettersOf(term).reduce((at, c, i) => at + strides[i] * index[all.indexOf(c)], 0);
  };
  for (let flat = 0; flat < sizeOf(counts); flat++) {
    const index = stridesOf(counts).map((stride, i) => Math.floor(flat / stride) % counts[i]);
    out[place(output, index)] += terms.reduce((p, term, i) => p * data[i][place(term, index)], 1);
  }
  return out;
}

const equations = [
  'ab,bc->ac',
  'ab,cb->ac',
  'ba,bc->ac',
  'ba,cb->ca',
  'abc,cd->abd',
  'abc,cde->abde',
  'abc,bcd->ad',
  'abc,abd->acd',
  'abc,adb->adc',
  'abcd,aecd->aceb',
  'ab,ab->a',
  'ab,ab->',
  'ab,ab->ab',
  'ab,cd->acbd',
  'ab,b->a',
  'abc,cd->bd',
  'ab,->ba',
  'abf,cd->c',
  '...a,ab->...b',
  'ab...,bc->ac...',
  'a...,...b->b...a',
  'aZ,Zb->ab',
  'ab->ba',
  'abc->b',
  '...ab->ba...',
  'ab,bc,cd->ad',
  'ab,ac,ad->bcd',
];

describe('einsum', () => {
  it.each(equations)('%s', (equation) => {
    const [left, output] = equation.split('->');
    const terms = left.split(',');
    const data = terms.map((term, i) => random(shapeOf(term), 5 + i));
    const operands = data.map((values, i) => tensor(values, { shape: shapeOf(terms[i]) }));
    const actual = einsum(equation, ...operands);
    expectTensor(actual, shapeOf(output), written(terms, output, data));
    const checked = terms.map((term) => real(shapeOf(term)));
    checkGradient((...xs) => einsum(equation, ...xs), checked);
  });

  it('implies the result from letters that occur once, in their order', () => {
    const [a, b] = [
      tensor(random([2, 3], 1), { shape: [2, 3] }),
      tensor(random([3, 4], 2), { shape: [3, 4] }),
    ];
    expect(einsum('cb,ba', a, b).shape).toEqual([4, 2]);
    expect(einsum('ab , bc', a, b).dataSync()).toEqual(einsum('ab,bc->ac', a, b).dataSync());
    expect(einsum('...b,bc', a, b).shape).toEqual([2, 4]);
    expect(einsum('ba', a).shape).toEqual([3, 2]);
  });

  const x = tensor(random([2, 3], 1), { shape: [2, 3] });
  it.each([
    ['a malformed equation', () => einsum('a1,b->c', x, x), ConfigError, /"a1,b->c"/],
    ['two arrows', () => einsum('ab->a->b', x), ConfigError, /expected an equation/],
    ['a missing operand', () => einsum('ab,bc->ac', x), ConfigError, /has 2 operands, got 1/],
    ['a diagonal', () => einsum('aa->a', x), ConfigError, /diagonal/],
    ['a letter from nowhere', () => einsum('ab->ac', x), ConfigError, /in no operand/],
    ['a result with a letter twice', () => einsum('ab->aa', x), ConfigError, /twice/],
    ['too few letters', () => einsum('a->a', x), ShapeError, /names 1 axes, got \[2, 3\]/],
    ['too many letters', () => einsum('abc->a', x), ShapeError, /names 3 axes/],
    ['sizes that differ', () => einsum('ab,bc->ac', x, x), ShapeError, /"b" is 3 and 2/],
  ])('refuses %s', (_, run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});
