// Pictures of a model's graph: SVG, and Mermaid text for Markdown.
import { writeFile } from 'node:fs/promises';
import type { AnyModel } from '../models/model.js';
import { checkOptions } from '../util/suggest.js';
import { layOut, type Place, type Route } from './layout.js';
import { type PictureNode, pictureNodes } from './model-graph.js';

export interface PlotOptions {
  /** Where to write the SVG. Default: nowhere. */
  readonly toFile?: string;
  /** Show the shapes of outputs. Default true. */
  readonly showShapes?: boolean;
}

const escapeXml = (text: string): string =>
  text.replace(/[<>&"]/g, (c) => `&#${c.codePointAt(0)};`);

const lineHeight = 16;
const padding = 10;
const margin = 16;
const characterWidth = 7.2;

/** Colours by what a layer is for. */
function colourOf({ type, params }: PictureNode): string {
  if (type === 'InputLayer') return '#e8eef7';
  if (type === 'Functional' || type === 'Sequential') return '#f3e8f7';
  return params > 0 ? '#e9f5e9' : '#f5f5f5';
}

interface Card {
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

function cardOf(node: PictureNode, showShapes: boolean): Card {
  const params = node.params > 0 ? `${node.params.toLocaleString('en-US')} parameters` : '';
  const lines = [`${node.name} · ${node.type}`, showShapes ? node.shape : '', params].filter(
    (line) => line !== '',
  );
  const longest = Math.max(...lines.map((line) => line.length));
  return {
    lines,
    width: Math.max(120, Math.ceil(longest * characterWidth) + 2 * padding),
    height: lines.length * lineHeight + 2 * padding,
  };
}

function drawCard(node: PictureNode, card: Card, { x, y }: Place): string {
  const text = card.lines
    .map((line, i) => {
      const weight = i === 0 ? ' font-weight="600"' : ' fill="#555"';
      const baseline = y + padding + (i + 0.75) * lineHeight;
      return `<text x="${x + card.width / 2}" y="${baseline}"${weight}>${escapeXml(line)}</text>`;
    })
    .join('');
  return `<g><rect x="${x}" y="${y}" width="${card.width}" height="${card.height}" rx="6" fill="${colourOf(node)}" stroke="#8a8a8a"/>${text}</g>`;
}

/** A curve through the points of a route, vertical at each. */
function drawRoute({ points: [begin, ...rest] }: Route): string {
  let path = `M${begin.x} ${begin.y}`;
  let { x, y } = begin;
  for (const next of rest) {
    const middle = (y + next.y) / 2;
    path += `C${x} ${middle} ${next.x} ${middle} ${next.x} ${next.y}`;
    ({ x, y } = next);
  }
  return `<path marker-end="url(#arrow)" d="${path}"/>`;
}

/**
 * Draws the graph of a functional or Sequential model.
 *
 * @returns the picture as SVG
 * @throws StateError for a model without a graph.
 * @example await plotModel(model, { toFile: 'model.svg' });
 */
export async function plotModel(model: AnyModel, options: PlotOptions = {}): Promise<string> {
  checkOptions('plotModel', options, ['toFile', 'showShapes']);
  const nodes = pictureNodes(model);
  const cards = nodes.map((node) => cardOf(node, options.showShapes ?? true));
  const { places, routes, width, height } = layOut(
    cards.map((card, i) => ({ ...card, parents: nodes[i].parents })),
  );
  const [w, h] = [Math.ceil(width + 2 * margin), Math.ceil(height + 2 * margin)];
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${-margin} ${-margin} ${w} ${h}" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle">`,
    `<title>${escapeXml(model.name)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8a8a8a"/></marker></defs>',
    `<rect x="${-margin}" y="${-margin}" width="${w}" height="${h}" fill="#ffffff"/>`,
    `<g fill="none" stroke="#8a8a8a" stroke-width="1.3">${routes.map(drawRoute).join('')}</g>`,
    ...nodes.map((node, i) => drawCard(node, cards[i], places[i])),
    '</svg>',
    '',
  ].join('\n');
  if (options.toFile !== undefined) await writeFile(options.toFile, svg);
  return svg;
}

/**
 * The graph of a model as a Mermaid flowchart, which many Markdown viewers draw.
 *
 * @throws StateError for a model without a graph.
 */
export function modelToMermaid(model: AnyModel): string {
  const nodes = pictureNodes(model);
  const label = ({ name, type, shape }: PictureNode): string =>
    `${name} · ${type}<br/>${shape}`.replaceAll('"', '#quot;');
  return [
    'flowchart TD',
    ...nodes.map((node, i) => `  n${i}["${label(node)}"]`),
    ...nodes.flatMap(({ parents }, i) => parents.map((parent) => `  n${parent} --> n${i}`)),
    '',
  ].join('\n');
}
