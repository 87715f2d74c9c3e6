// Imports in lib/ point downward: a file may import from its own folder and from folders below it.
// Types are exempt, because they leave nothing behind at run time.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from './run.js';

// Lowest first. Folders on one line stand side by side and do not import from each other.
const levels = [
  ['util'],
  ['tensor'],
  ['backend', 'ops'],
  ['graph'],
  ['activations', 'constraints', 'ctc', 'initializers', 'random', 'regularizers', 'schedules'],
  ['losses'],
  ['metrics', 'optimizers', 'layers'],
  ['data'],
  ['callbacks'],
  ['models'],
  ['applications', 'explain', 'io', 'report'],
  ['cli'],
];

const levelOf = new Map(levels.flatMap((folders, level) => folders.map((f) => [f, level])));
// Matches `import … from`, `export … from`, bare and dynamic imports of relative modules.
const importPattern =
  /^(?:import|export)\s+(?!type\b)(?:(?<names>[^'";]*?)\s+from\s+)?['"](?<path>\.[^'"]+)['"]|\bimport\(\s*['"](?<dynamic>\.[^'"]+)['"]\s*\)/gm;

const onlyTypes = (names) =>
  /^\{[^}]*\}$/.test(names?.trim() ?? '') &&
  names
    .replace(/[{}]/g, '')
    .split(',')
    .every((name) => name.trim() === '' || name.trim().startsWith('type '));

function wrongImports(file, folder) {
  const text = readFileSync(join(root, 'lib', file), 'utf8').replace(
    /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm,
    '',
  );
  const wrong = [];
  for (const { groups } of text.matchAll(importPattern)) {
    if (onlyTypes(groups.names)) continue;
    const target = posix.join(posix.dirname(file), groups.path ?? groups.dynamic);
    const targetFolder = target.includes('/') ? target.split('/')[0] : '.';
    if (targetFolder === folder) continue;
    // The public namespace of ops has scan in it, which stands on traces, and what stands on scan.
    const aboveOps = ['graph/scan.js', 'ctc/loss.js', 'ctc/decode.js'];
    if (file === 'ops/index.ts' && aboveOps.includes(target)) continue;
    // A Program is the plain data between graph and backend.
    if (folder === 'backend' && target === 'graph/program.js') continue;
    // The command line uses the public API, as its users would.
    if (folder === 'cli' && target === 'index.js') continue;
    const below = (levelOf.get(targetFolder) ?? Infinity) < levelOf.get(folder);
    if (!below) wrong.push(`lib/${file}: imports ${target}, which is not below ${folder}/`);
  }
  return wrong;
}

/** Every import that does not point downward, as `file: what`. */
export function findWrongImports() {
  const wrong = [];
  for (const entry of readdirSync(join(root, 'lib'), { recursive: true })) {
    const file = entry.split('\\').join('/');
    if (!file.endsWith('.ts') || !file.includes('/')) continue;
    const folder = file.split('/')[0];
    if (levelOf.has(folder)) wrong.push(...wrongImports(file, folder));
    else wrong.push(`lib/${file}: ${folder}/ has no place in scripts/check-imports.js`);
  }
  return wrong;
}
