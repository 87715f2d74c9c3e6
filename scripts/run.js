// Runs commands for the scripts: quietly, with everything that they print in a log under build/, which
// is shown when they fail.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command with its output in build/<log>.log; resolves to `{ ok, seconds, log }`. */
export function runLogged(log, command, args, options = {}) {
  mkdirSync(`${root}/build`, { recursive: true });
  const path = `${root}/build/${log}.log`;
  const file = openSync(path, options.append ? 'a' : 'w');
  return finished(path, command, args, { ...options, stdio: ['ignore', file, file] }).finally(() =>
    closeSync(file),
  );
}

/** Runs a command in sight of the user; resolves to `{ ok, seconds }`. */
export const runShown = (command, args, options = {}) =>
  finished(undefined, command, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });

function finished(log, command, args, { env, cwd, stdio }) {
  const begin = performance.now();
  return new Promise((resolve) => {
    const end = (ok) => resolve({ ok, seconds: (performance.now() - begin) / 1000, log });
    const child = spawn(command, args, {
      cwd: cwd ?? root,
      stdio,
      env: { ...process.env, ...env },
    });
    child.on('error', () => end(false));
    child.on('close', (code) => end(code === 0));
  });
}

/** The last lines of a log. */
export const tail = (path, lines = 40) =>
  readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');

export const formatSeconds = (seconds) => `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
