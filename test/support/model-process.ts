// Scripts that train in processes and workers of their own: the library in one file, and what runs it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { nativeLoad } from '../../lib/backend/select.js';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** What every script begins with: the library as `n`, and a model in training that takes a while. */
const prelude = `
import { parentPort, Worker, workerData } from 'node:worker_threads';
import * as n from './neurone.mjs';
import { createHash } from 'node:crypto';

function make(width = 64, seed = 1) {
  n.setRandomSeed(seed);
  const rows = 512;
  const x = new Float32Array(rows * 32).map((_, i) => Math.sin(i * 0.7));
  const y = new Int32Array(rows).map((_, i) => i % 4);
  const model = new n.Sequential([
    new n.layers.Dense(width, { activation: 'relu' }),
    new n.layers.Dropout(0.2),
    new n.layers.Dense(width, { activation: 'relu' }),
    new n.layers.Dense(4, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
  const fit = (options) =>
    model.fit({ data: x, shape: [rows, 32] }, y, { verbose: 0, batchSize: 32, ...options });
  return { model, fit, x, y };
}

function digest(model, history) {
  const hash = createHash('sha256');
  for (const weight of model.weights) hash.update(weight.value.dataSync());
  hash.update(history.stepLosses);
  return hash.digest('hex');
}
`;

/** A folder of scripts. */
export class Scripts {
  private readonly folder = mkdtempSync(join(tmpdir(), 'neurone-scripts-'));

  constructor() {
    buildSync({
      entryPoints: [fileURLToPath(new URL('../../lib/index.ts', import.meta.url))],
      outfile: join(this.folder, 'neurone.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['cli-progress'],
    });
  }

  /** Writes a script; it has `n`, `make` and `digest`, and the workers' names. */
  write(name: string, source: string): string {
    const path = join(this.folder, `${name}.mjs`);
    writeFileSync(path, `${prelude}\n${source}`);
    return path;
  }

  /** Where the addon is that this process uses, for the environment of others. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, NEURONE_ADDON: nativeLoad().path, NEURONE_BACKEND: 'native' };
  }

  /** Runs a script in a process of its own; kills it if it hangs. */
  run(path: string, ...args: string[]): Promise<Ending> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [path, ...args], { env: this.env });
      let output = '';
      const take = (text: Buffer) => {
        output += text;
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ code, signal, output });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
