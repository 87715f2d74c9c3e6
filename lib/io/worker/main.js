// @ts-check
// The thread that reads and writes HDF5, by the HDF Group's own library compiled to WebAssembly: it takes
// 0.2 s to start and blocks while it works, so never on the thread that calls. Plain JavaScript, because
// Node itself loads it, from lib/ as well as from dist/.
import { parentPort } from 'node:worker_threads';
import { ready } from 'h5wasm/node';
import { confine, writeFailure } from './confine.js';
import * as reading from './read.js';
import * as writing from './write.js';

/** @typedef {import('../protocol.js').Request} Request */
/** @typedef {import('../protocol.js').Failure} Failure */

/** @param {Request} request */
function answer(request) {
  switch (request.op) {
    case 'open':
      return reading.open(request.part);
    case 'read':
      return request.paths.map(reading.read);
    case 'create':
      return writing.create(request.path);
    case 'write':
      return request.entries.forEach(writing.write);
    case 'close':
      reading.close();
      return writing.close(request.lasting);
    case 'zip':
      return writing.zip(request);
  }
}

/**
 * @param {unknown} error
 * @param {Request} request
 * @returns {Failure}
 */
function failureOf(error, { op }) {
  const reads = op === 'open' || op === 'read';
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  const own = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const code = own ?? (reads ? undefined : (writeFailure() ?? 'unknown'));
  // The library tells of errors by a trap, which says nothing of what happened.
  const trapped = error.name === 'RuntimeError' || /^(error - |Aborted)/.test(error.message);
  if (!trapped) return { message: error.message, code };
  return { message: reads ? 'damaged HDF5 file' : `cannot be written (${code})`, code };
}

/** @param {unknown} value @returns {ArrayBuffer[]} */
const buffersOf = (value) =>
  Array.isArray(value)
    ? value.flatMap((v) => (v?.buffer instanceof ArrayBuffer ? [v.buffer] : []))
    : [];

const module = await ready;
module.activate_throwing_error_handler();
confine(module);
parentPort?.on('message', (/** @type {Request} */ request) => {
  try {
    const value = answer(request);
    parentPort?.postMessage({ value }, buffersOf(value));
  } catch (error) {
    parentPort?.postMessage({ failure: failureOf(error, request) });
  }
});
parentPort?.postMessage('ready');
