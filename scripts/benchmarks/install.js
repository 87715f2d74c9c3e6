// The peers' own homes: a Python environment and a folder of npm packages, both ignored by git.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pythonPackages = ['keras', 'jax', 'tensorflow-cpu', 'torch', 'onnx'];
const npmPackages = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm', 'onnxruntime-node'];

/** Reported in tables beside the packages above. */
const alsoNamed = ['numpy', 'jaxlib'];

function run(command, args, options = {}) {
  console.error(`${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options }).status === 0;
}

/** A folder that git ignores whatever the repository's own list says. */
function ownFolder(path) {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, '.gitignore'), '*\n');
}

function installPython(venv) {
  ownFolder(venv);
  if (!existsSync(join(venv, 'bin/python')) && !run('python3', ['-m', 'venv', venv])) return;
  const pip = ['-m', 'pip', 'install', '--quiet', ...pythonPackages];
  run(join(venv, 'bin/python'), pip);
}

function installNpm(folder) {
  ownFolder(folder);
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
  // onnxruntime's install script fetches CUDA libraries; the processor's are in the package.
  run('npm', ['install', ...options, ...npmPackages], { cwd: folder });
  // tfjs-node is nothing without the library that its install script downloads.
  if (run('npm', ['install', ...options, '@tensorflow/tfjs-node'], { cwd: folder })) {
    run('npm', ['rebuild', '@tensorflow/tfjs-node'], { cwd: folder });
  }
}

/** Installs what is missing; what cannot be had is left out of the tables with its reason. */
export function installPeers(places) {
  const present = installed(places);
  const lacks = (names) =>
    names.some((name) => present[name.replace(/-(?=cpu)/, '_')] === undefined);
  if (lacks(pythonPackages)) installPython(places.venv);
  if (lacks(npmPackages)) installNpm(places.npm);
}

function pythonVersions(venv) {
  const python = join(venv, 'bin/python');
  if (!existsSync(python)) return {};
  const list =
    'import importlib.metadata as m, json, platform; ' +
    'print(json.dumps({"Python": platform.python_version(), ' +
    '**{d.name.replace("-", "_"): d.version for d in m.distributions()}}))';
  const all = JSON.parse(execFileSync(python, ['-c', list], { encoding: 'utf8' }));
  const named = ['Python', ...pythonPackages, ...alsoNamed].map((name) => name.replace('-', '_'));
  return Object.fromEntries(named.filter((name) => name in all).map((name) => [name, all[name]]));
}

function npmVersions(folder) {
  const versions = {};
  for (const name of npmPackages) {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(manifest)) versions[name] = JSON.parse(readFileSync(manifest, 'utf8')).version;
  }
  const tfjsNode = join(folder, 'node_modules/@tensorflow/tfjs-node');
  if (existsSync(join(tfjsNode, 'deps/lib')) && existsSync(join(tfjsNode, 'lib/napi-v8'))) {
    const { version } = JSON.parse(readFileSync(join(tfjsNode, 'package.json'), 'utf8'));
    versions['@tensorflow/tfjs-node'] = version;
  }
  return versions;
}

/** neurone's version once it is built. */
function ownVersion(root) {
  if (!existsSync(join(root, 'dist/index.js'))) return {};
  return { neurone: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version };
}

/** Versions by package name, neurone's among them. */
export function installed({ root, venv, npm }) {
  return { ...ownVersion(root), ...pythonVersions(venv), ...npmVersions(npm) };
}
