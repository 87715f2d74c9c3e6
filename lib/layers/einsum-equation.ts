// The equation of an EinsumDense layer, and the shapes of weights that follow from it.
import { formatShape, type Shape } from '../tensor/shape.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import type { SymbolicShape } from './structure.js';

/** An equation of the form `ab,bc->ac`, with `...` at the same end of input and output, or without. */
export interface EinsumEquation {
  readonly text: string;
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  /** Where the axes without letters are. */
  readonly elided: 'left' | 'right' | 'none';
}

const forms = [
  { elided: 'none', pattern: /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/ },
  { elided: 'left', pattern: /^\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)$/ },
  { elided: 'right', pattern: /^([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.$/ },
] as const;

/** @throws ConfigError for an equation of another form. */
export function parseEquation(text: unknown): EinsumEquation {
  for (const { elided, pattern } of typeof text === 'string' ? forms : []) {
    const found = pattern.exec(String(text));
    if (!found) continue;
    const [, input, kernel, output] = found;
    return { text: String(text), input, kernel, output, elided };
  }
  throw new ConfigError(
    `EinsumDense: expected an equation [X],[Y]->[Z], ...[X],[Y]->...[Z] or [X]...,[Y]->[Z]... of letters, got ${JSON.stringify(text)}.`,
  );
}

export interface EinsumShapes {
  readonly kernel: Shape;
  /** Kernel axes that are summed over, and those that the output has. */
  readonly inputAxes: readonly number[];
  readonly outputAxes: readonly number[];
  readonly bias: Shape | undefined;
}

type Sizes = ReadonlyMap<string, number | null>;

/** Number of axes without letters, checked. */
function elidedAxes(title: string, { input, elided, text }: EinsumEquation, rank: number): number {
  const axes = rank - input.length;
  if (axes === 0 || (axes > 0 && elided !== 'none')) return axes;
  throw new ShapeError(
    `${title}: "${text}" expects input with ${input.length} axes${elided === 'none' ? '' : ' or more'} (the batch's included), got ${rank}.`,
  );
}

/** The output's size along each of its letters. */
function outputSizes(
  title: string,
  { output, elided, text }: EinsumEquation,
  inputShape: SymbolicShape,
  elidedCount: number,
  partial: SymbolicShape,
): Sizes {
  // Without axes under an ellipsis on the left, the first letter is the batch's.
  const full = elided === 'left' && elidedCount > 0 ? partial : [inputShape[0], ...partial];
  if (full.length !== output.length) {
    throw new ConfigError(
      `${title}: outputShape has ${partial.length} sizes, but the output of "${text}" needs ${output.length - (full.length - partial.length)} without the batch.`,
    );
  }
  return new Map([...output].map((letter, i) => [letter, full[i]]));
}

function checkShared(title: string, inputs: Sizes, outputs: Sizes): void {
  for (const [letter, size] of inputs) {
    const out = outputs.get(letter);
    if (out === undefined || out === null || out === size) continue;
    throw new ShapeError(
      `${title}: along "${letter}" the input has ${size} elements and outputShape ${out}; they must agree.`,
    );
  }
}

function biasShape(
  title: string,
  { output, elided }: EinsumEquation,
  biasAxes: string,
  outputs: Sizes,
  elidedCount: number,
): SymbolicShape {
  const strange = [...biasAxes].find((letter) => !output.includes(letter));
  if (strange !== undefined || biasAxes === '') {
    throw new ConfigError(
      `${title}: biasAxes must be letters of the output "${output}", got "${biasAxes}".`,
    );
  }
  const first = Math.min(...[...biasAxes].map((letter) => output.indexOf(letter)));
  const sizes = [...output.slice(first)].map((letter) =>
    biasAxes.includes(letter) ? (outputs.get(letter) ?? null) : 1,
  );
  const trailing = elided === 'left' ? 0 : elidedCount;
  return [...sizes, ...Array.from({ length: trailing }, () => 1)];
}

function known(title: string, what: string, shape: SymbolicShape): Shape {
  if (shape.every((d) => typeof d === 'number')) return shape;
  throw new ShapeError(
    `${title}: the ${what} would have shape ${formatShape(shape)}; give the sizes in outputShape, or the input's shape.`,
  );
}

/** The shapes of kernel and bias for an input. */
export function einsumShapes(
  title: string,
  equation: EinsumEquation,
  inputShape: SymbolicShape,
  partialOutput: SymbolicShape,
  biasAxes: string | undefined,
): EinsumShapes {
  const { input, kernel, output, elided, text } = equation;
  const elidedCount = elidedAxes(title, equation, inputShape.length);
  const first = elided === 'left' ? elidedCount : 0;
  const inputs: Sizes = new Map([...input].map((letter, i) => [letter, inputShape[first + i]]));
  const outputs = outputSizes(title, equation, inputShape, elidedCount, partialOutput);
  checkShared(title, inputs, outputs);
  const strange = [...output].find((c) => !input.includes(c) && !kernel.includes(c));
  const loose = [...kernel].find((c) => !input.includes(c) && !output.includes(c));
  if (strange ?? loose) {
    throw new ConfigError(
      `${title}: "${strange ?? loose}" in "${text}" must be in the input${strange ? ' or the kernel' : ' or the output'} too.`,
    );
  }
  const letters = [...kernel];
  const sizes = letters.map((c) => (outputs.has(c) ? outputs.get(c) : inputs.get(c)) ?? null);
  const axes = (inOutput: boolean) =>
    letters.flatMap((c, i) => (outputs.has(c) === inOutput ? [i] : []));
  const bias = biasAxes && biasShape(title, equation, biasAxes, outputs, elidedCount);
  return {
    kernel: known(title, 'kernel', sizes),
    inputAxes: axes(false),
    outputAxes: axes(true),
    bias: bias ? known(title, 'bias', bias) : undefined,
  };
}
