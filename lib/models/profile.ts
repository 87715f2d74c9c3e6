// Where a training step spends its time: per layer and kernel, as a table and as a Chrome trace.
import { writeFile } from 'node:fs/promises';
import { formatCount } from '../graph/print.js';
import { feedsOf, rowsIn, type SamplesOf } from './data.js';
import type { AnyModel } from './model.js';
import { batchInfo } from './pass.js';
import { toDataset } from './prepare.js';

export interface ProfileRow {
  readonly layer: string;
  readonly kernel: string;
  /** Seconds of one step. */
  readonly seconds: number;
  /** Share of the step. */
  readonly share: number;
  /** GFLOP/s reached. */
  readonly gflops: number;
  readonly bytes: number;
}

/** The times of one training step, averaged over several. */
export class Profile {
  constructor(
    readonly rows: readonly ProfileRow[],
    /** Seconds of one step. */
    readonly seconds: number,
  ) {}

  /** Rows added up by layer and kernel, the most expensive first. */
  get byLayer(): readonly ProfileRow[] {
    const groups = new Map<string, ProfileRow>();
    for (const row of this.rows) {
      const key = `${row.layer}|${row.kernel}`;
      const before = groups.get(key);
      const seconds = row.seconds + (before?.seconds ?? 0);
      const flops = row.gflops * row.seconds + (before ? before.gflops * before.seconds : 0);
      groups.set(key, {
        ...row,
        seconds,
        share: row.share + (before?.share ?? 0),
        gflops: seconds > 0 ? flops / seconds : 0,
        bytes: row.bytes + (before?.bytes ?? 0),
      });
    }
    return [...groups.values()].sort((a, b) => b.seconds - a.seconds);
  }

  toString(): string {
    const header = ['layer', 'kernel', 'µs', '%', 'GFLOP/s', 'bytes'];
    const cells = this.byLayer.map((row) => [
      row.layer || '-',
      row.kernel,
      (row.seconds * 1e6).toFixed(1),
      (row.share * 100).toFixed(1),
      row.gflops >= 0.05 ? row.gflops.toFixed(1) : '',
      formatCount(row.bytes),
    ]);
    const widths = header.map((h, i) => Math.max(h.length, ...cells.map((c) => c[i].length)));
    const line = (row: readonly string[]) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
    return [
      line(header),
      ...cells.map(line),
      `one step: ${(this.seconds * 1e6).toFixed(1)} µs`,
    ].join('\n');
  }

  /** Events for chrome://tracing or Perfetto, one step. */
  chromeTrace(): { readonly traceEvents: readonly object[] } {
    let start = 0;
    const traceEvents = this.rows.map((row) => {
      const event = {
        name: row.kernel,
        cat: row.layer,
        ph: 'X',
        ts: start * 1e6,
        dur: row.seconds * 1e6,
        pid: 1,
        tid: 1,
        args: { layer: row.layer, gflops: row.gflops, bytes: row.bytes },
      };
      start += row.seconds;
      return event;
    });
    return { traceEvents };
  }

  /** Writes the Chrome trace to a file. */
  async save(path: string): Promise<void> {
    await writeFile(path, JSON.stringify(this.chromeTrace()));
  }
}

/**
 * Runs training steps on a batch, or predictions if there are no targets, and times each call. Weights and
 * metrics are put back afterwards.
 */
export async function profileModel(
  model: AnyModel,
  x: SamplesOf,
  y: SamplesOf | undefined,
  options: { readonly steps?: number },
): Promise<Profile> {
  const data = await toDataset(model, { x, y, sampleWeight: undefined }, 'profile');
  const { graph } = model.stepFor(
    y === undefined ? 'predict' : 'train',
    batchInfo(data, rowsIn(data)),
  );
  const variables = graph.lowered.variables.map(({ variable }) => variable);
  const before = variables.map((variable) => variable.value);
  const steps = options.steps ?? 10;
  const feeds = feedsOf(data, undefined, 0);
  graph.profile({ feeds });
  const total = new Float64Array(graph.program.instructions.length);
  for (let i = 0; i < steps; i++) {
    for (const [j, seconds] of graph.profile({ feeds }).entries()) total[j] += seconds / steps;
  }
  for (const [i, variable] of variables.entries()) variable.assign(before[i]);
  const all = total.reduce((n, seconds) => n + seconds, 0);
  const rows = graph.program.instructions.map((instruction, i) => ({
    layer: instruction.path,
    kernel: instruction.kernel,
    seconds: total[i],
    share: all > 0 ? total[i] / all : 0,
    gflops: total[i] > 0 ? instruction.flops / total[i] / 1e9 : 0,
    bytes: instruction.bytes,
  }));
  return new Profile(rows, all);
}
