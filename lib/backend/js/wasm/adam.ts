// A WebAssembly function for Adam's update: 1 ns an element in SIMD, where a loop in JS takes 5.
import { advance, f32x4, get, i32, repeat, sequence, set, type WasmFunction } from './assembler.js';

/**
 * adam(w, m, v, g, factors, vectors): updates w, m and v, four elements at a time; at `factors` are
 * the learning rate with the bias corrections in it, 1 − β₁, 1 − β₂ and ε.
 */
function adamFunction(): WasmFunction {
  const [w, m, v, g, factors, vectors] = [0, 1, 2, 3, 4, 5];
  const [rate, first, second, epsilon, gradient, mean, square] = [6, 7, 8, 9, 10, 11, 12];
  /** old + (target − old)·factor */
  const towards = (old: number, target: readonly number[], factor: number) =>
    f32x4.add(
      f32x4.load(get(old)),
      f32x4.multiply(f32x4.subtract(target, f32x4.load(get(old))), get(factor)),
    );
  const step = f32x4.divide(
    f32x4.multiply(get(rate), get(mean)),
    f32x4.add(f32x4.squareRoot(get(square)), get(epsilon)),
  );
  return {
    name: 'adam',
    parameters: 6,
    locals: { v128: 7 },
    body: sequence([
      ...[rate, first, second, epsilon].map((factor, i) =>
        set(factor, f32x4.splat(get(factors), i * 4)),
      ),
      repeat(
        vectors,
        sequence([
          set(gradient, f32x4.load(get(g))),
          set(mean, towards(m, get(gradient), first)),
          set(square, towards(v, f32x4.multiply(get(gradient), get(gradient)), second)),
          f32x4.store(get(m), get(mean)),
          f32x4.store(get(v), get(square)),
          f32x4.store(get(w), f32x4.subtract(f32x4.load(get(w)), step)),
          ...[w, m, v, g].map((array) => advance(array, i32.constant(16))),
        ]),
      ),
    ]),
  };
}

export const adamFunctions: readonly WasmFunction[] = [adamFunction()];
