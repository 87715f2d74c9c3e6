// What the gradient checks are told about an op.
import type { Tensor } from '../../../lib/tensor/tensor.js';
import type { Operand } from '../../support/gradcheck.js';

export interface GradientCase {
  /** What it is about, where an op has several. */
  readonly title?: string;
  readonly operands: readonly Operand[];
  readonly fn: (...xs: Tensor[]) => Tensor | readonly Tensor[];
  /** 1 where the second derivative does not exist at the points checked. Default 2. */
  readonly order?: 1 | 2;
}

/** Cases of each op, by its name; the op must occur in the graph of every one of them. */
export type GradientCases = Readonly<Record<string, readonly GradientCase[]>>;
