// Results as text for a terminal and as Markdown for docs/benchmarks.md.

import { fastestPeer, verdict } from './checks.js';
import { spread } from './statistics.js';

const marks = { goal: '✓ goal', floor: '✓ floor', below: '✗', undefined: '–' };

/** Three digits, thousands as k and millions as M. */
export function figure(value) {
  if (value === undefined) return '–';
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  if (size >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function range({ median, min, max }) {
  if (median === undefined) return '–';
  return min === max ? figure(median) : `${figure(median)} (${figure(min)} to ${figure(max)})`;
}

function limits({ floor, goal, atMost }) {
  const sign = atMost ? '≤' : '≥';
  return goal === undefined ? `${sign} ${floor}` : `${sign} ${floor} → ${goal}`;
}

function mark(check) {
  const reached = verdict(check);
  return reached === 'floor' && check.goal === undefined ? '✓' : marks[reached];
}

function standing({ values, unit, error }) {
  if (values.length === 0) return error;
  const failed = error === undefined ? '' : `, then: ${error}`;
  return `${range(spread(values))} ${unit}${failed}`;
}

/** One row with every contestant, as lines of text. */
export function rowText({ id, title, series, checks }) {
  const lines = [`${id}: ${title}`];
  for (const one of series) {
    const who = `${one.title}${one.configuration === undefined ? '' : `, ${one.configuration}`}`;
    lines.push(`  ${who.padEnd(38)} ${standing(one)}`);
  }
  for (const one of checks) {
    lines.push(`  ${one.text.padEnd(38)} ${range(one)}   must be ${limits(one)}   ${mark(one)}`);
  }
  return `${lines.join('\n')}\n`;
}

function summaryCells({ title, series, checks, lowerIsBetter }) {
  const ours = series.find(({ name }) => name.startsWith('neurone'));
  const sameUnit = series.filter(({ unit }) => unit === ours.unit);
  const peer = fastestPeer(sameUnit, ours.name, lowerIsBetter);
  const own = ours.values.length > 0 ? `${figure(spread(ours.values).median)} ${ours.unit}` : '–';
  const other =
    peer === undefined
      ? '–'
      : `${peer.title} (${peer.configuration}) ${figure(spread(peer.values).median)}`;
  return checks.map((one, i) => [
    i === 0 ? title : '',
    i === 0 ? own : '',
    i === 0 ? other : '',
    `${range(one)} ${one.text}`,
    limits(one),
    mark(one),
  ]);
}

const header = ['what', 'neurone', 'fastest peer', 'figure', 'floor → goal', 'mark'];

const markdownTable = (head, body) =>
  [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The summary, its columns aligned. */
export function summaryText(results) {
  const table = [header, ...results.flatMap(summaryCells)];
  const widths = header.map((_, i) => Math.max(...table.map((cells) => cells[i].length)));
  const line = (cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  return `${table.map(line).join('\n')}\n`;
}

function standingCells({ title, series }) {
  return series.map((one, i) => [
    i === 0 ? title : '',
    one.title,
    one.configuration ?? '',
    standing(one),
  ]);
}

/** "784 training, …: 5 rounds of 3 s on 2026-11-24, 2 cores of …". */
function runLines(results) {
  const lines = new Map();
  for (const { id, run } of results) {
    const { date, rounds, seconds, machine, warning } = run;
    const { processor, cores, memoryGiB, system, node } = machine;
    const place = `${cores} cores of ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}`;
    const what = `${date}, ${rounds} rounds of ${seconds} s, ${place}`;
    const line = warning === undefined ? what : `${what}; **${warning}**`;
    lines.set(line, [...(lines.get(line) ?? []), id]);
  }
  return [...lines].map(([line, ids]) => `- ${line}: ${ids.join(', ')}`).join('\n');
}

/** docs/benchmarks.md, of rows with the run that each is from. */
export function markdown(results) {
  const versions = Object.assign({}, ...results.map(({ run }) => run.versions));
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `# Benchmarks

Written by \`scripts/bench --peers --write\`. Every contestant is a process of its own and they take turns, after a
calibration that picks each peer's fastest variant and thread count. Figures are medians with the least and the
greatest round; ratios are taken within each round, so they count, and figures of different rows do not compare.

${markdownTable(header, results.flatMap(summaryCells))}

## Everybody

${markdownTable(['what', 'who', 'configuration', 'median (min to max)'], results.flatMap(standingCells))}

## Runs

${runLines(results)}

${packages.join(', ') || 'No peer was installed'}.
`;
}
