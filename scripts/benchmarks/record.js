// docs/benchmarks.json: the last run of each row that was measured with --write, and the page made of it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdown } from './report.js';
import { rows } from './rows.js';

/** What the report needs of a series. */
const standing = ({ name, title, configuration, unit, values, error }) => ({
  ...{ name, title, configuration, unit, error },
  values: values.map((value) => Number(value.toPrecision(4))),
});

/** Takes the rows of one run in, in the place of what was there of them. */
export function keep(root, results, run) {
  const file = join(root, 'docs/benchmarks.json');
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const date = new Date().toISOString().slice(0, 10);
  for (const { id, series, checks } of results) {
    kept[id] = { run: { date, ...run }, series: series.map(standing), checks };
  }
  const ordered = rows.filter(({ id }) => kept[id] !== undefined);
  const record = Object.fromEntries(ordered.map(({ id }) => [id, kept[id]]));
  const lines = Object.entries(record).map(([id, row]) => `"${id}": ${JSON.stringify(row)}`);
  writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
  const described = ordered.map(({ id, title, lowerIsBetter }) => ({
    ...{ id, title, lowerIsBetter },
    ...record[id],
  }));
  writeFileSync(join(root, 'docs/benchmarks.md'), markdown(described));
}
