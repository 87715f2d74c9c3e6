// The table that `model.summary()` prints: layers, output shapes, parameters, as Keras's.
import type { SymbolicShape } from '../layers/layer.js';

export interface SummaryRow {
  readonly name: string;
  readonly type: string;
  readonly outputShape: SymbolicShape | undefined;
  readonly params: number;
}

export interface SummaryTotals {
  readonly trainable: number;
  readonly nonTrainable: number;
  readonly optimizer: number;
}

const thousands = (n: number): string => n.toLocaleString('en-US');

/** `269.32 KB` for a number of float32 parameters. */
function formatBytes(params: number): string {
  let size = params * 4;
  for (const unit of ['B', 'KB', 'MB', 'GB']) {
    if (size < 1024 || unit === 'GB') return `${size.toFixed(2)} ${unit}`;
    size /= 1024;
  }
  return '';
}

const formatOutput = (shape: SymbolicShape | undefined): string =>
  shape ? `(${shape.map((d) => d ?? 'None').join(', ')})` : '?';

const pad = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);

/** The table as text. */
export function formatSummary(
  name: string,
  rows: readonly SummaryRow[],
  totals: SummaryTotals,
): string {
  const headers = ['Layer (type)', 'Output Shape', 'Param #'] as const;
  const cells = rows.map((row) => [
    `${row.name} (${row.type})`,
    formatOutput(row.outputShape),
    thousands(row.params),
  ]);
  const widths = headers.map((header, i) =>
    Math.min(
      48,
      Math.max(header.length, i === 0 ? 30 : i === 1 ? 22 : 13, ...cells.map((c) => c[i].length)),
    ),
  );
  const rule = (left: string, middle: string, right: string, dash: string): string =>
    left + widths.map((w) => dash.repeat(w + 2)).join(middle) + right;
  const line = (row: readonly string[], bar: string): string =>
    bar +
    row
      .map((cell, i) => ` ${i === 2 ? cell.padStart(widths[i]) : pad(cell, widths[i])} `)
      .join(bar) +
    bar;
  const all = totals.trainable + totals.nonTrainable + totals.optimizer;
  return [
    `Model: "${name}"`,
    rule('┏', '┳', '┓', '━'),
    line(headers, '┃'),
    rule('┡', '╇', '┩', '━'),
    cells.map((row) => line(row, '│')).join(`\n${rule('├', '┼', '┤', '─')}\n`),
    rule('└', '┴', '┘', '─'),
    ` Total params: ${thousands(all)} (${formatBytes(all)})`,
    ` Trainable params: ${thousands(totals.trainable)} (${formatBytes(totals.trainable)})`,
    ` Non-trainable params: ${thousands(totals.nonTrainable)} (${formatBytes(totals.nonTrainable)})`,
    ...(totals.optimizer > 0
      ? [` Optimizer params: ${thousands(totals.optimizer)} (${formatBytes(totals.optimizer)})`]
      : []),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
