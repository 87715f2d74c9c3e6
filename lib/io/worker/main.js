// @ts-check
// The thread that reads and writes HDF5, by the HDF Group's own library compiled to WebAssembly: it takes
// 0.2 s to start and blocks while it works, so never on the thread that calls. Plain JavaScript, because
// Node itself loads it, from lib/ as well as from dist/.
import { parentPort } from 'node:worker_threads';
import { ready } from 'h5wasm/node';
import { confine } from './confine.js';
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
      return writing.close();
    case 'zip':
      return writing.zip(request);
  }
}

/**
 * @param {unknown} error
 * @returns {Failure}
 */
function failureOf(error) {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The library gives its whole stack of errors; the last line is where it failed.
  const [message] = error.message.split('\n');
  return { message, code };
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
    parentPort?.postMessage({ failure: failureOf(error) });
  }
});
parentPort?.postMessage('ready');
