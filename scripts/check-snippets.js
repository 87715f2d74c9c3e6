// Runs the documentation: every ```ts block of the README and the guides is type-checked and run as a
// program of its own against dist/. A block that cannot run alone is marked ```ts no-run.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { root, runLogged, tail } from './run.js';

const folder = `${root}/build/snippets`;

function documents() {
  const guides = existsSync(`${root}/docs/guides`) ? readdirSync(`${root}/docs/guides`) : [];
  return ['README.md', ...guides.filter((f) => f.endsWith('.md')).map((f) => `docs/guides/${f}`)];
}

function snippets(document) {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```ts(?<mark>[^\n]*)\n(?<code>[\s\S]*?)^```/gm)]
    .filter(({ groups }) => !groups.mark.includes('no-run'))
    .map(({ index, groups }) => {
      const line = text.slice(0, index).split('\n').length;
      return { where: `${document}:${line}`, code: groups.code };
    });
}

async function typesAreRight() {
  const config = {
    extends: '../../tsconfig.json',
    // As users see the package: the types in dist/.
    compilerOptions: { rootDir: '.', paths: {}, allowJs: false },
    include: ['.'],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  const tsc = 'node_modules/typescript/bin/tsc';
  const { ok, log } = await runLogged('snippets-types', 'node', [tsc, '-p', folder]);
  if (!ok) console.error(tail(log));
  return ok;
}

/** Runs all snippets; resolves to whether every one ended well. */
export async function runSnippets() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const all = documents().flatMap(snippets);
  for (const [i, { code }] of all.entries()) {
    writeFileSync(`${folder}/${i}.ts`, `${code}\nexport {};\n`);
    const { code: js } = await transform(code, { loader: 'ts', format: 'esm' });
    writeFileSync(`${folder}/${i}.mjs`, js);
  }
  let ok = all.length === 0 || (await typesAreRight());
  for (const [i, { where }] of all.entries()) {
    const run = await runLogged(`snippet-${i}`, 'node', [`${i}.mjs`], { cwd: folder });
    if (!run.ok) console.error(`${where}:\n${tail(run.log, 15)}`);
    ok &&= run.ok;
  }
  return ok;
}
