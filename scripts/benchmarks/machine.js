// What the figures were measured on.

import { availableParallelism, cpus, release, totalmem } from 'node:os';

const BUSY = 0.05;
const WATCHED_MS = 1000;

/** Share of the processors' time that others use, watched for a second. */
function usedByOthers() {
  const times = () => cpus().map((one) => one.times);
  const sum = (list, pick) => list.reduce((total, one) => total + pick(one), 0);
  const before = times();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WATCHED_MS);
  const after = times();
  const passed = (pick) => sum(after, pick) - sum(before, pick);
  const all = passed((one) => Object.values(one).reduce((a, b) => a + b, 0));
  return 1 - passed(({ idle }) => idle) / all;
}

export function machine() {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform}-${process.arch} ${release()}`,
    node: process.versions.node,
    usedByOthers: usedByOthers(),
  };
}

/** A line of warning when other programs run. */
export function warningIfBusy({ usedByOthers }) {
  if (usedByOthers < BUSY) return undefined;
  return `the machine was ${Math.round(100 * usedByOthers)} % busy: figures are not to be trusted`;
}
