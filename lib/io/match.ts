// Which data set of a file goes into which variable, and a report of all that does not fit.
import type { Variable } from '../graph/variable.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { allocateData, fromData, type Tensor, tensor } from '../tensor/tensor.js';
import { FormatError } from '../util/errors.js';
import type { H5Reader } from './h5.js';
import type { FoundData, Values } from './protocol.js';

/** A variable and the path of its data set. */
export interface Pair {
  readonly variable: Variable;
  readonly path: string;
}

/** A layer's variables with the data sets that are meant for them, in order. */
export interface Share {
  readonly name: string;
  readonly variables: readonly Variable[];
  readonly data: readonly FoundData[];
}

/** What does not fit, by layer. */
export interface Problem {
  readonly name: string;
  readonly message: string;
}

const describe = ({ name, shape }: { name: string; shape: readonly number[] }): string =>
  `${name} ${formatShape(shape)}`;

function problemsOf({ name, variables, data }: Share): Problem[] {
  const problems: Problem[] = [];
  const add = (message: string): void => {
    problems.push({ name, message });
  };
  for (const [i, variable] of variables.entries()) {
    const found = data[i];
    if (!found) add(`${describe(variable)} is missing`);
    else if (found.unreadable) add(`${describe(variable)}: the file has ${found.unreadable}`);
    else if (!sameShape(found.shape, variable.shape))
      add(`${describe(variable)}: the file has ${formatShape(found.shape)}`);
  }
  for (const { path, shape } of data.slice(variables.length))
    add(`unexpected: "${path}" ${formatShape(shape)}`);
  return problems;
}

/** The pairs of all shares that fit, and what is wrong with the others. */
export function matchShares(shares: readonly Share[]): { pairs: Pair[]; problems: Problem[] } {
  const pairs: Pair[] = [];
  const problems: Problem[] = [];
  for (const share of shares) {
    const own = problemsOf(share);
    problems.push(...own);
    if (own.length > 0) continue;
    for (const [i, variable] of share.variables.entries())
      pairs.push({ variable, path: share.data[i].path });
  }
  return { pairs, problems };
}

const maxLines = 40;

/** All problems at once. */
export function report(where: string, problems: readonly Problem[]): FormatError {
  const lines = problems.slice(0, maxLines).map(({ name, message }) => `  ${name}: ${message}`);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`  and ${more} more`);
  return new FormatError(
    `${where}: the weights in the file are not those of the model:\n${lines.join('\n')}\nLoad them into a model of the same layers, or with skipMismatch.`,
  );
}

function tensorOf(values: Values, { shape, dtype }: Variable): Tensor {
  // What came from the worker is nobody else's; a copy of 100 MB would block for long.
  if (allocateData(dtype, 0).constructor === values.constructor)
    return fromData(values, shape, dtype);
  return tensor(values, { shape, dtype });
}

/** Reads everything, and only then changes the variables; `alsoRead` are other data sets, whose values it gives. */
export async function assignAll(
  reader: H5Reader,
  pairs: readonly Pair[],
  alsoRead: readonly string[] = [],
): Promise<readonly Values[]> {
  const values = await reader.read([...pairs.map(({ path }) => path), ...alsoRead]);
  const tensors = pairs.map(({ variable }, i) => tensorOf(values[i], variable));
  for (const [i, { variable }] of pairs.entries()) variable.assign(tensors[i]);
  return values.slice(pairs.length);
}
