// Saves a large model and loads it again, in seconds, and what that does to the event loop.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { withEventLoopDelay } from './serve.js';

async function timed(action) {
  const start = performance.now();
  await action();
  return { seconds: (performance.now() - start) / 1000 };
}

/** One saving and one loading of a model per call; the model is made once. */
export function filesOf({ loadModel }, network) {
  let model;
  return async (workload) => {
    if (model === undefined) {
      model = network(workload);
      model.build([null, ...workload.input]);
    }
    const folder = mkdtempSync(join(tmpdir(), 'neurone-bench-'));
    const path = join(folder, 'model.keras');
    try {
      const save = await withEventLoopDelay(() => timed(() => model.save(path)));
      const load = await withEventLoopDelay(() => timed(() => loadModel(path)));
      return { save, load };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}
