// Einstein's summation, made of transpose, reshape and matmul.
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { asFloat } from './convert.js';
import { atPath, recordable } from './define.js';
import { multiply } from './elementwise.js';
import { matmul } from './gemm.js';
import { reshape, sumAxes, transpose } from './movement.js';

/** A tensor with a label for each axis. Axes under an ellipsis are '0' (the last of them), '1', …. */
interface Labelled {
  readonly t: Tensor;
  readonly labels: readonly string[];
}

const shapeOf = ({ t, labels }: Labelled, some: readonly string[]): number[] =>
  some.map((label) => t.shape[labels.indexOf(label)]);

const sameOrder = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((label, i) => label === b[i]);

function reorder({ t, labels }: Labelled, order: readonly string[]): Tensor {
  return transpose(
    t,
    order.map((label) => labels.indexOf(label)),
  );
}

/** Sums over the axes whose labels nobody needs any more. */
function sumOut({ t, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  return { t: sumAxes(t, axes), labels: labels.filter((label) => needed.has(label)) };
}

/** One operand as `[batch…, rows, columns]`: or, without a copy, its transpose. */
function asMatrix(
  x: Labelled,
  batch: readonly string[],
  rows: readonly string[],
  columns: readonly string[],
): { t: Tensor; transposed: boolean } {
  const transposed = sameOrder(x.labels, [...batch, ...columns, ...rows]) && rows.length > 0;
  const [first, second] = transposed ? [columns, rows] : [rows, columns];
  const shape = [...shapeOf(x, batch), sizeOf(shapeOf(x, first)), sizeOf(shapeOf(x, second))];
  return { t: reshape(reorder(x, [...batch, ...first, ...second]), shape), transposed };
}

/** The product of two operands, summed over the labels of both that nobody needs any more. */
function contract(left: Labelled, right: Labelled, needed: ReadonlySet<string>): Labelled {
  const inRight = new Set(right.labels);
  const inLeft = new Set(left.labels);
  const a = sumOut(left, new Set([...needed, ...inRight]));
  const b = sumOut(right, new Set([...needed, ...inLeft]));
  const shared = a.labels.filter((label) => inRight.has(label));
  const batch = shared.filter((label) => needed.has(label));
  const summed = shared.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !inRight.has(label));
  const columns = b.labels.filter((label) => !inLeft.has(label));
  if (rows.length + columns.length === 0) {
    const order = [...batch, ...summed];
    const axes = summed.map((_, i) => batch.length + i);
    return { t: sumAxes(multiply(reorder(a, order), reorder(b, order)), axes), labels: batch };
  }
  const x = asMatrix(a, batch, rows, summed);
  const y = asMatrix(b, batch, summed, columns);
  const product = matmul(x.t, y.t, { transposeA: x.transposed, transposeB: y.transposed });
  const shape = [...shapeOf(a, batch), ...shapeOf(a, rows), ...shapeOf(b, columns)];
  return { t: reshape(product, shape), labels: [...batch, ...rows, ...columns] };
}

const term = /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/;

/** The labels of one term of an equation, for a tensor whose ellipsis stands for `elided` axes. */
function labelsOf(text: string, elided: number): string[] {
  const [before, after] = text.split('...');
  const middle = Array.from({ length: elided }, (_, i) => String(elided - 1 - i));
  return after === undefined ? [...before] : [...before, ...middle, ...after];
}

const lettersOf = (text: string): number => text.replace('...', '').length;

/** numpy's: the ellipsis, then the letters that occur once, in order. */
function impliedOutput(terms: readonly string[]): string {
  const letters = terms.join('').replaceAll('.', '');
  const once = [...letters].filter((c) => letters.indexOf(c) === letters.lastIndexOf(c));
  return (terms.some((t) => t.includes('...')) ? '...' : '') + once.sort().join('');
}

/** An equation's terms, checked. */
function parse(equation: string): { terms: readonly string[]; output: string } {
  const [left, right, ...more] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  const output = right ?? impliedOutput(terms);
  if (more.length > 0 || ![...terms, output].every((t) => term.test(t))) {
    throw new ConfigError(
      `einsum: expected an equation like "ab,bc->ac" or "...a,ab->...b", got "${equation}"${atPath()}.`,
    );
  }
  return { terms, output };
}

function checkSizes(operands: readonly Labelled[], equation: string): void {
  const sizes = new Map<string, number>();
  for (const { t, labels } of operands) {
    if (new Set(labels).size !== labels.length) {
      throw new ConfigError(
        `einsum: "${equation}" takes a diagonal (a letter twice in one term), which is not supported${atPath()}.`,
      );
    }
    for (const [i, label] of labels.entries()) {
      const size = sizes.get(label) ?? t.shape[i];
      sizes.set(label, size);
      if (size === t.shape[i]) continue;
      throw new ShapeError(
        `einsum: "${equation}" does not fit shapes ${operands.map((o) => formatShape(o.t.shape)).join(' and ')}: "${label}" is ${size} and ${t.shape[i]}${atPath()}.`,
      );
    }
  }
}

function labelled(t: Tensor, text: string, equation: string): Labelled {
  const elided = t.rank - lettersOf(text);
  if (elided < 0 || (elided > 0 && !text.includes('...'))) {
    throw new ShapeError(
      `einsum: "${text}" of "${equation}" names ${lettersOf(text)} axes, got ${formatShape(t.shape)}${atPath()}.`,
    );
  }
  return { t, labels: labelsOf(text, elided) };
}

/**
 * Sums of products by Einstein's convention: letters name axes, letters that the result lacks are
 * summed over, and `...` stands for any axes between.
 *
 * @example einsum('bij,bjk->bik', a, b) // a batched matmul
 * @throws ConfigError for a wrong equation; ShapeError for operands that do not fit it.
 */
export const einsum = recordable(
  'einsum',
  (equation: string, ...operands: readonly TensorLike[]): Tensor => {
    const { terms, output } = parse(equation);
    if (terms.length !== operands.length) {
      throw new ConfigError(
        `einsum: "${equation}" has ${terms.length} operands, got ${operands.length}${atPath()}.`,
      );
    }
    const given = operands.map((x, i) => labelled(asFloat(x), terms[i], equation));
    checkSizes(given, equation);
    const elided = Math.max(...given.map(({ t }, i) => t.rank - lettersOf(terms[i])));
    const wanted = labelsOf(output, elided);
    const missing = wanted.find((label) => !given.some(({ labels }) => labels.includes(label)));
    if (missing !== undefined || new Set(wanted).size !== wanted.length) {
      throw new ConfigError(
        `einsum: the result of "${equation}" has an axis that is in no operand, or is there twice${atPath()}.`,
      );
    }
    let sofar = given[0];
    for (const [i, next] of given.entries()) {
      const later = given.slice(i + 1).flatMap(({ labels }) => labels);
      const needed = new Set([...wanted, ...later]);
      sofar = i === 0 ? sumOut(sofar, needed) : contract(sofar, next, needed);
    }
    return reorder(sofar, wanted);
  },
);
