// Bundles lib/ into dist/: all entry points that package.json exports share one module, so that a
// process that imports neurone reads one file and not thirty (122 ms became 33 on a busy machine);
// what is imported only when needed becomes chunks. The command line is a bundle of its own, over the
// same public modules that users import.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { build } from 'esbuild';
import { root } from './run.js';

const options = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
  minifyWhitespace: true, // a tenth less to parse: what an import takes
  lineLimit: 120, // Node prints the line of an uncaught error
};

/** fflate is of the tools' packages only, so what is used of it comes along; a browser's build needs no threads. */
const withFflate = {
  name: 'fflate',
  setup({ onResolve }) {
    onResolve({ filter: /^fflate$/ }, () => ({
      path: `${root}/node_modules/fflate/esm/browser.js`,
      sideEffects: false,
    }));
  },
};

const written = {
  ...options,
  splitting: true,
  outdir: 'dist',
  outbase: 'lib',
  // As deep as lib/<folder>/, so that new URL('../../…', import.meta.url) means the same in both.
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: true,
  sourcesContent: false,
};

const core = 'chunks/core';

/** The entry points of package.json: `index`, `layers/index`, …. */
async function findEntries() {
  const { exports } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
  return Object.values(exports)
    .map((entry) => /^\.\/dist\/(.*)\.js$/.exec(entry.default)?.[1])
    .filter((name) => name);
}

/** What each entry point exports. */
async function findNames(entries) {
  const entryPoints = entries.map((name) => `lib/${name}.ts`);
  const { metafile } = await build({
    ...options,
    entryPoints,
    outdir: 'dist',
    outbase: 'lib',
    write: false,
    metafile: true,
  });
  return new Map(entries.map((name) => [name, metafile.outputs[`dist/${name}.js`].exports]));
}

/** The name in the shared module of what an entry point exports. */
const shared = (entry, name) => `${entry.replace(/\W/g, '_')}_${name}`;

async function bundleCore(names) {
  const lines = [...names].map(([entry, exported]) => {
    const list = exported.map((name) => `${name} as ${shared(entry, name)}`);
    return `export { ${list.join(', ')} } from './lib/${entry}.js';`;
  });
  await build({
    ...written,
    entryPoints: [{ in: 'neurone:core', out: core }],
    plugins: [
      withFflate,
      {
        name: 'core',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^neurone:core$/ }, ({ path }) => ({ path, namespace: 'core' }));
          onLoad({ filter: /.*/, namespace: 'core' }, () => ({
            contents: lines.join('\n'),
            loader: 'ts',
            resolveDir: root,
          }));
        },
      },
    ],
  });
}

function writeEntries(names) {
  for (const [entry, exported] of names) {
    const list = exported.map((name) => `  ${shared(entry, name)} as ${name},\n`);
    const from = posix.relative(posix.dirname(`/${entry}`), `/${core}.js`);
    const path = `${root}/dist/${entry}.js`;
    mkdirSync(dirname(path), { recursive: true });
    const source = from.startsWith('.') ? from : `./${from}`;
    writeFileSync(path, `export {\n${list.join('')}} from '${source}';\n`);
  }
}

async function bundleCommands(entries) {
  const outside = new Set(entries.map((name) => `../${name}.js`));
  await build({
    ...written,
    entryPoints: ['lib/cli/main.ts'],
    plugins: [
      {
        name: 'public modules',
        setup({ onResolve }) {
          onResolve({ filter: /^\.\.\// }, ({ path, kind }) =>
            kind !== 'entry-point' && outside.has(path) ? { path, external: true } : undefined,
          );
        },
      },
    ],
  });
}

/**
 * The thread that reads and writes HDF5, with the two libraries that only it needs: h5wasm installs itself
 * three times over (15 MB), of which this takes one.
 */
async function bundleWorker() {
  await build({
    ...options,
    packages: undefined,
    entryPoints: ['lib/io/worker/main.js'],
    outfile: 'dist/io/worker/main.js',
    minifyWhitespace: true,
    charset: 'utf8',
  });
  const licenses = ['h5wasm/LICENSE.txt', 'fflate/LICENSE'];
  const texts = licenses.map(
    (path) => `${path}\n\n${readFileSync(`${root}/node_modules/${path}`)}`,
  );
  writeFileSync(`${root}/dist/io/worker/LICENSES.txt`, texts.join('\n\n'));
}

/** The thread that reads images; it looks for sharp where users have installed it. */
const bundleImageWorker = () =>
  build({
    ...options,
    entryPoints: ['lib/data/worker/main.js'],
    outfile: 'dist/data/worker/main.js',
  });

/** Writes dist/, all but the types. */
export async function bundle() {
  const entries = await findEntries();
  const names = await findNames(entries);
  rmSync(`${root}/dist/chunks`, { recursive: true, force: true });
  await bundleCore(names);
  writeEntries(names);
  await bundleCommands(entries);
  await bundleWorker();
  await bundleImageWorker();
  copyFileSync(`${root}/node_modules/fflate/LICENSE`, `${root}/dist/chunks/fflate-LICENSE`);
}
