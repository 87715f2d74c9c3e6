// What the figures were measured on.

import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

const BUSY = 0.3;

export function machine() {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform}-${process.arch} ${release()}`,
    node: process.versions.node,
    loadBefore: loadavg()[0],
  };
}

/** A line of warning when other programs run. */
export function warningIfBusy({ loadBefore }) {
  if (loadBefore < BUSY) return undefined;
  return `the machine is busy (load ${loadBefore.toFixed(2)}): figures are not to be trusted`;
}
