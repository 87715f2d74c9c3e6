// The command line of scripts/bench.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contestants } from './contestants.js';
import { rows } from './rows.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const usage = `scripts/bench [options]

Measures neurone, and its peers where they are installed, in one run, interleaved.

  --peers              first install the peers into .venv/ and .peers/
  --only ROW,…         ${rows.map(({ id }) => id).join(', ')}
  --contestants WHO,…  NAME, NAME:VARIANT or NAME:VARIANT:THREADS; names are
                       ${Object.keys(contestants).join(', ')}
  --rounds N           rounds per row (5)
  --seconds S          seconds per contestant and round (3)
  --json               print JSON instead of tables
  --write              write the rows that were measured into docs/benchmarks.{json,md}
  --venv DIR           another Python environment (or NEURONE_BENCH_VENV)
  --npm DIR            another folder of npm packages (or NEURONE_BENCH_NPM)
`;

/** A comma-separated list, every name of which must be known. */
function list(option, text, known) {
  if (text === undefined) return undefined;
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--${option}: no ${unknown}; there are ${known.join(', ')}`);
  }
  return names;
}

/** `{ name, variant, threads }` of each, the latter two undefined where any will do. */
function readContestants(text) {
  if (text === undefined) return undefined;
  const wanted = text.split(',').map((who) => {
    const [name, variant, threads] = who.split(':');
    return { name, variant, threads: threads && Number(threads) };
  });
  for (const { name, variant } of wanted) {
    list('contestants', name, Object.keys(contestants));
    if (variant !== undefined) list(`contestants ${name}:`, variant, contestants[name].variants);
  }
  return wanted;
}

function positive(option, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option}: expected a positive number, got ${text}`);
  return value;
}

export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      peers: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      contestants: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      venv: { type: 'string', default: process.env.NEURONE_BENCH_VENV ?? join(root, '.venv') },
      npm: { type: 'string', default: process.env.NEURONE_BENCH_NPM ?? join(root, '.peers') },
    },
  });
  const { peers, json, write, help, venv, npm } = values;
  const ids = rows.map(({ id }) => id);
  const only = list('only', values.only, ids) ?? ids;
  return {
    ...{ peers, json, write, help, root, venv, npm },
    rows: rows.filter(({ id }) => only.includes(id)),
    contestants: readContestants(values.contestants),
    rounds: Math.ceil(positive('rounds', values.rounds)),
    seconds: positive('seconds', values.seconds),
  };
}
