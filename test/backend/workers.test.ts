// Ends in the middle of training: terminated workers, process.exit, an addon that only a worker
// loaded; and several workers that train at once.
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { Scripts } from '../support/model-process.js';
import { classifier, inputs, labelsOf, quiet } from '../support/models.js';

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe.runIf(backend() === 'native')('native', () => {
  let scripts: Scripts;
  let training: string;
  beforeAll(() => {
    scripts = new Scripts();
    training = scripts.write(
      'training',
      `const { fit } = make(workerData?.width ?? 64);
       fit({ epochs: 1e6 });
       parentPort.postMessage('fitting');`,
    );
  });
  afterAll(() => scripts.remove());

  /** Starts a worker and waits until its model is training. */
  async function startTraining(width: number): Promise<Worker> {
    const worker = new Worker(training, { env: scripts.env, workerData: { width } });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    return worker;
  }

  it('workers terminated in the middle of a step', async () => {
    for (let i = 0; i < 30; i++) {
      const worker = await startTraining(i % 3 === 0 ? 512 : 64);
      await wait((i * 7) % 23);
      expect(await worker.terminate()).toBe(1);
    }
    const x = inputs(64);
    await expect(classifier().fit(x, labelsOf(x), quiet)).resolves.toBeDefined();
  });

  it('two at a time', async () => {
    for (let i = 0; i < 5; i++) {
      const both = await Promise.all([startTraining(64), startTraining(512)]);
      await wait(i * 3);
      await Promise.all(both.map((worker) => worker.terminate()));
    }
  });

  it('process.exit in the middle of a step', async () => {
    const path = scripts.write(
      'exit',
      `const { fit } = make(Number(process.argv[2]));
       fit({ epochs: 1e6 });
       setTimeout(() => process.exit(7), Number(process.argv[3]));`,
    );
    for (let i = 0; i < 10; i++) {
      const ending = await scripts.run(path, i % 2 ? '64' : '512', String(i * 5));
      expect(ending).toEqual({ code: 7, signal: null, output: '' });
    }
  });

  it('process.exit while workers train, and from a worker', async () => {
    const path = scripts.write(
      'exit-with-workers',
      `const workers = [1, 2].map(() => new Worker(${JSON.stringify(training)}));
       await Promise.all(workers.map((w) => new Promise((resolve) => w.once('message', resolve))));
       setTimeout(() => process.exit(7), 5);`,
    );
    expect(await scripts.run(path)).toEqual({ code: 7, signal: null, output: '' });
    const inWorker = scripts.write(
      'exit-in-worker',
      `if (parentPort) {
         const { fit } = make(256);
         fit({ epochs: 1e6 });
         setTimeout(() => process.exit(3), 10);
       } else {
         const worker = new Worker(new URL(import.meta.url));
         worker.on('exit', (code) => console.log('worker', code));
       }`,
    );
    expect(await scripts.run(inWorker)).toEqual({ code: 0, signal: null, output: 'worker 3\n' });
  });

  it('an addon that only a worker has loaded', async () => {
    const path = scripts.write(
      'only-worker',
      `for (let i = 0; i < 4; i++) {
         const worker = new Worker(${JSON.stringify(training)});
         await new Promise((resolve) => worker.once('message', resolve));
         await new Promise((resolve) => setTimeout(resolve, 10));
         await worker.terminate();
       }
       setTimeout(() => console.log('alive'), 50);`,
    );
    expect(await scripts.run(path)).toEqual({ code: 0, signal: null, output: 'alive\n' });
  });

  it('the array of progress is kept as long as an engine writes to it', async () => {
    const path = scripts.write(
      'progress',
      `import { createRequire } from 'node:module';
       import { isMainThread } from 'node:worker_threads';
       import { setFlagsFromString } from 'node:v8';
       import { runInNewContext } from 'node:vm';
       setFlagsFromString('--expose-gc');
       const gc = runInNewContext('gc');
       const addon = createRequire(import.meta.url)(process.env.NEURONE_ADDON);
       let refused = '';
       try {
         addon.start(() => {}, new Int32Array(1));
       } catch (error) {
         refused = error.message;
       }
       const shared = () => new Int32Array(new SharedArrayBuffer(4));
       const started = () => {
         const progress = shared();
         addon.start(() => {}, progress);
         return new WeakRef(progress);
       };
       const given = started();
       const other = new WeakRef(shared());
       for (let i = 0; i < 3; i++) {
         await new Promise((resolve) => setTimeout(resolve, 2));
         gc();
       }
       const found = [given, other].map((ref) => (ref.deref() ? 'kept' : 'gone'));
       const text = [...found, refused].join(', ');
       if (isMainThread) {
         console.log(text);
         const worker = new Worker(new URL(import.meta.url));
         console.log(await new Promise((resolve) => worker.once('message', resolve)));
         await worker.terminate();
         const ends = new Worker(new URL(import.meta.url));
         ends.once('exit', (code) => console.log(code));
       } else parentPort.postMessage(text);`,
    );
    const text = 'kept, gone, the progress array must be in a SharedArrayBuffer';
    const output = `${text}\n${text}\n0\n`;
    expect(await scripts.run(path)).toEqual({ code: 0, signal: null, output });
  });

  it('a process waits for the end of fit, and ends then by itself', async () => {
    const path = scripts.write(
      'natural',
      `const { fit } = make();
       fit({ epochs: 20 }).then((history) => console.log(history.stepLosses.length));`,
    );
    expect(await scripts.run(path)).toEqual({ code: 0, signal: null, output: '320\n' });
  });

  it('an error that nobody catches ends the process in the middle of a step', async () => {
    const path = scripts.write(
      'throwing',
      `const { fit } = make(512);
       fit({ epochs: 1e6 });
       setTimeout(() => { throw new Error('unexpected'); }, 10);`,
    );
    const ending = await scripts.run(path);
    expect([ending.code, ending.signal]).toEqual([1, null]);
    expect(ending.output).toContain('unexpected');
  });

  it('two workers and the main thread train at once, to the bits of each alone', async () => {
    const path = scripts.write(
      'together',
      `const train = async (seed) => {
         const { model, fit } = make(256, seed);
         return digest(model, await fit({ epochs: 4 }));
       };
       if (parentPort) parentPort.postMessage(await train(workerData));
       else {
         const seeds = [1, 2];
         const alone = [];
         for (const seed of seeds) alone.push(await train(seed));
         const together = seeds.map((seed) => new Promise((resolve, reject) => {
           const worker = new Worker(new URL(import.meta.url), { workerData: seed });
           worker.once('message', resolve);
           worker.once('error', reject);
         }));
         const [main, ...others] = await Promise.all([train(1), ...together]);
         console.log(main === alone[0], others[0] === alone[0], others[1] === alone[1], alone[0] !== alone[1]);
       }`,
    );
    const ending = await scripts.run(path);
    expect(ending).toEqual({ code: 0, signal: null, output: 'true true true true\n' });
  });
});
