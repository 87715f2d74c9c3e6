// Which backend runs: the native one where it loads, else the JS one; NEURONE_BACKEND and
// setBackend choose.
import { createRequire } from 'node:module';
import { ConfigError } from '../util/errors.js';
import type { Backend } from './backend.js';
import { jsBackend } from './js/js.js';
import { loadNative, type NativeLoad } from './native.js';

let native: NativeLoad | undefined;
let current: Backend | undefined;
let generation = 0;

/** @internal The attempt to load the native backend, made once. */
export function nativeLoad(): NativeLoad {
  if (!native) {
    native = loadNative(createRequire(import.meta.url));
    const threads = Number(process.env.NEURONE_NUM_THREADS);
    if (threads > 0) native.addon?.setThreads(threads);
  }
  return native;
}

function choose(name: string): Backend {
  if (name === 'js') return jsBackend();
  if (name !== 'native') {
    throw new ConfigError(`backend "${name}": expected "native" or "js".`);
  }
  const load = nativeLoad();
  if (load.backend) return load.backend;
  throw new ConfigError(`the native backend is not there: ${load.errors.join('; ')}`);
}

/** @internal The backend that runs programs now. */
export function currentBackend(): Backend {
  if (!current) {
    const wanted = process.env.NEURONE_BACKEND;
    current = wanted ? choose(wanted) : (nativeLoad().backend ?? jsBackend());
  }
  return current;
}

/** @internal Changes whenever the backend does, so that caches of executables notice. */
export const backendGeneration = (): number => generation;

/** @internal Runs everything on a backend of the caller's. */
export function useBackend(backend: Backend): void {
  current = backend;
  generation++;
}

/** `'native'` or `'js'`: what programs run on. */
export const backend = (): 'native' | 'js' => currentBackend().name;

/**
 * Runs everything from here on on the named backend.
 *
 * @throws ConfigError if the native backend cannot be loaded, with every reason.
 */
export function setBackend(name: 'native' | 'js'): void {
  useBackend(choose(name));
}
