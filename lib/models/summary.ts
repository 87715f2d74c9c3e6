// The table that `model.summary()` prints: layers, output shapes, parameters, as Keras's; for a graph that
// is no chain also what each layer reads.
import type { Variable } from '../graph/variable.js';
import type { AnyLayer } from '../layers/layer.js';
import { type SymbolicShape, tensorsOf } from '../layers/structure.js';
import type { LayerNode } from '../layers/symbolic.js';
import type { ModelGraph } from './graph.js';
import { connectionsOf } from './graph-config.js';

export interface SummaryOptions {
  /** Where the text goes. Default: console.log. */
  readonly print?: (text: string) => void;
  /** Show the layers of models in the model. Default false. */
  readonly expandNested?: boolean;
  /** Show which layers are trained. Default false. */
  readonly showTrainable?: boolean;
}

/** What a summary reads of a model. */
export interface SummaryModel {
  readonly name: string;
  readonly layers: readonly AnyLayer[];
  readonly graph: ModelGraph | undefined;
  readonly trainableVariables: readonly Variable[];
  readonly nonTrainableVariables: readonly Variable[];
  /** What the optimizer keeps. */
  readonly optimizerVariables: readonly Variable[];
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

const formatShape = (shape: SymbolicShape): string =>
  `(${shape.map((d) => d ?? 'None').join(', ')})`;

/** The shapes of a layer's outputs in a graph. */
function outputText(layer: AnyLayer, own: ReadonlySet<LayerNode>): string {
  const calls = layer.nodes.filter((node) => own.size === 0 || own.has(node));
  const shapes = calls.map(({ output }) => {
    const texts = tensorsOf(output).map(({ shape }) => formatShape(shape));
    return texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  });
  return shapes.length > 0 && new Set(shapes).size === 1 ? shapes[0] : '?';
}

/** Whether each layer just reads the one before it. */
function isChain({ nodes, layers }: ModelGraph): boolean {
  const own = new Set<LayerNode>(nodes);
  const single = nodes.every(({ input }) => !input || tensorsOf(input).length === 1);
  const reads = new Set(nodes.flatMap(({ input }) => (input ? tensorsOf(input) : [])));
  const count = nodes.filter(({ input }) => input).length;
  return (
    single &&
    reads.size === count &&
    layers.every((layer) => layer.nodes.filter((node) => own.has(node)).length === 1)
  );
}

const isModel = (layer: AnyLayer): layer is AnyLayer & SummaryModel =>
  'layers' in layer && 'graph' in layer;

interface Column {
  readonly header: string;
  readonly least: number;
  readonly right?: boolean;
}

interface RowsOptions {
  readonly options: SummaryOptions;
  readonly connected: boolean;
  readonly indent: string;
}

function rowsOf(model: SummaryModel, { options, connected, indent }: RowsOptions): string[][] {
  const { graph } = model;
  const own = new Set<LayerNode>(graph?.nodes);
  for (const { node } of graph?.inputs ?? []) own.add(node);
  return model.layers.flatMap((layer) => {
    const row = [
      `${indent}${layer.name} (${layer.className})`,
      outputText(layer, own),
      thousands(layer.countParams()),
    ];
    if (connected) {
      row.push(graph && indent === '' ? connectionsOf(layer, graph).join(', ') || '-' : '-');
    }
    if (options.showTrainable)
      row.push(layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N');
    const nested = options.expandNested && isModel(layer);
    const inner = indent === '' ? '  └ ' : `  ${indent}`;
    return nested ? [row, ...rowsOf(layer, { options, connected, indent: inner })] : [row];
  });
}

/** Words of `text` in lines of at most `width`. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (let rest = text; ; ) {
    if (rest.length <= width) return [...lines, rest];
    const space = rest.lastIndexOf(' ', width);
    const cut = space > 0 && rest.slice(0, space).trim() !== '' ? space : width;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
}

const widest = 48;

/** A table with box-drawing characters. */
function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ header, least }, i) =>
    Math.min(widest, Math.max(header.length, least, ...rows.map((row) => row[i].length))),
  );
  const rule = (left: string, middle: string, right: string, dash: string): string =>
    left + widths.map((w) => dash.repeat(w + 2)).join(middle) + right;
  const line = (cells: readonly string[], bar: string): string =>
    bar +
    cells
      .map((cell, i) => {
        const padded = columns[i].right ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
        return ` ${padded} `;
      })
      .join(bar) +
    bar;
  const lines = rows.map((row) => {
    const wrapped = row.map((cell, i) => wrap(cell, widths[i]));
    const height = Math.max(...wrapped.map((cell) => cell.length));
    return Array.from({ length: height }, (_, n) =>
      line(
        wrapped.map((cell) => cell[n] ?? ''),
        '│',
      ),
    ).join('\n');
  });
  return [
    rule('┏', '┳', '┓', '━'),
    line(
      columns.map(({ header }) => header),
      '┃',
    ),
    rule('┡', '╇', '┩', '━'),
    lines.join(`\n${rule('├', '┼', '┤', '─')}\n`),
    rule('└', '┴', '┘', '─'),
  ].filter((part) => part !== '');
}

/** The summary of a model as text. */
export function summarize(model: SummaryModel, options: SummaryOptions): string {
  const connected = model.graph !== undefined && !isChain(model.graph);
  const columns: Column[] = [
    { header: 'Layer (type)', least: connected ? 20 : 30 },
    { header: 'Output Shape', least: connected ? 17 : 22 },
    { header: 'Param #', least: connected ? 10 : 13, right: true },
    ...(connected ? [{ header: 'Connected to', least: 17 }] : []),
    ...(options.showTrainable ? [{ header: 'Trainable', least: 9 }] : []),
  ];
  const rows = rowsOf(model, { options, connected, indent: '' });
  const count = (variables: readonly Variable[]) => variables.reduce((n, v) => n + v.size, 0);
  const trainable = count(model.trainableVariables);
  const other = count(model.nonTrainableVariables);
  const optimizer = count(model.optimizerVariables);
  const total = (title: string, n: number) => ` ${title}: ${thousands(n)} (${formatBytes(n)})`;
  return [
    `Model: "${model.name}"`,
    ...table(columns, rows),
    total('Total params', trainable + other + optimizer),
    total('Trainable params', trainable),
    total('Non-trainable params', other),
    ...(optimizer > 0 ? [total('Optimizer params', optimizer)] : []),
  ].join('\n');
}
