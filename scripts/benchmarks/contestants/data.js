// Synthetic data of a workload, the same kind for every contestant: speed does not depend on values.

/** Features and labels as typed arrays; a small linear congruential generator fills them. */
export function syntheticData({ rows, input, outputs, loss, dtype }) {
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const size = input.reduce((n, length) => n * length, rows);
  const x = dtype === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
  for (let i = 0; i < x.length; i++) x[i] = dtype === 'uint8' ? next() * 256 : next();
  const sparse = loss === 'sparse_categorical_crossentropy';
  const y = sparse ? new Int32Array(rows) : new Float32Array(rows * outputs);
  for (let i = 0; i < y.length; i++) y[i] = sparse ? Math.floor(next() * outputs) : next();
  return { x, y, yShape: sparse ? [rows] : [rows, outputs] };
}
