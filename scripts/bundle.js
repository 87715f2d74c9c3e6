// Bundles lib/ into dist/: one ES module per public entry point, code that they share (and what is
// imported only when needed) in chunks. The entry points are those that package.json exports.
import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { root } from './run.js';

export async function bundle() {
  const { exports, bin } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
  const outputs = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)];
  const entryPoints = outputs
    .filter((path) => path?.startsWith('./dist/'))
    .map((path) => path.replace('./dist/', 'lib/').replace(/\.js$/, '.ts'))
    .filter((path) => existsSync(`${root}/${path}`));
  rmSync(`${root}/dist/chunks`, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    outbase: 'lib',
    bundle: true,
    splitting: true,
    // As deep as lib/<folder>/, so that new URL('../../…', import.meta.url) means the same in both.
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
}
