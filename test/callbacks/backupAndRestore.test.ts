// BackupAndRestore: a run that is cut off anywhere, even by SIGKILL, ends with the bits of one that was not.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { readBackup, writeBackup } from '../../lib/callbacks/backupFile.js';
import {
  BackupAndRestore,
  Callback,
  EarlyStopping,
  LearningRateScheduler,
  ReduceLROnPlateau,
} from '../../lib/callbacks/index.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import type { FitOptions, Model } from '../../lib/models/model.js';
import { Sequential } from '../../lib/models/sequential.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { Adam } from '../../lib/optimizers/adam.js';
import { ExponentialDecay } from '../../lib/schedules/index.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, FormatError } from '../../lib/util/errors.js';
import { type Ending, Scripts } from '../support/model-process.js';
import { inputs, labelsOf, quiet, rejection, weightsOf } from '../support/models.js';
import { seeded } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'neurone-backup-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const freshFolder = (): string => join(folder, String(folders++));

const x = inputs(70);
const labels = labelsOf(x);

function make(seed: number, schedule = false): Sequential {
  setRandomSeed(seed);
  const model = new Sequential([
    new Dense(8, { activation: 'relu', inputShape: [3] }),
    new Dropout(0.3),
    new Dense(2, { activation: 'softmax' }),
  ]);
  const rate = new ExponentialDecay({
    initialLearningRate: 0.01,
    decaySteps: 10,
    decayRate: 0.9,
  });
  model.compile({
    optimizer: schedule ? new Adam(rate) : new Adam(0.01),
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** Ends a run as a killed process would: with an error after so many batches, if that many come. */
class Cut extends Callback {
  private left: number;
  constructor(batches: number) {
    super();
    this.left = batches;
  }
  override onTrainBatchBegin(): void {
    if (this.left-- === 0) throw new Error('cut');
  }
}

/** Logs of the last epochs, and all weights. */
interface Result {
  readonly weights: readonly number[];
  readonly logs: Readonly<Record<string, readonly number[]>>;
}

interface Case {
  readonly options: FitOptions;
  readonly schedule?: boolean;
  readonly callbacks?: () => Callback[];
  readonly data?: () => AsyncIterable<unknown> | Iterable<unknown>;
}

async function run(test: Case, model: Model, more: readonly Callback[]): Promise<Result> {
  const options = {
    ...quiet,
    ...test.options,
    callbacks: [...more, ...(test.callbacks?.() ?? [])],
  };
  const { history } = test.data
    ? await model.fit(test.data(), undefined, options)
    : await model.fit(x, labels, options);
  return { weights: weightsOf(model), logs: history };
}

/** The same batches each time, of different sizes. */
const batches = {
  *[Symbol.iterator]() {
    for (const [from, to] of [
      [0, 16],
      [16, 30],
      [30, 46],
      [46, 70],
    ]) {
      yield [x.slice(from, to), labels.slice(from, to)];
    }
  },
};

const epochs = 4;
const batchSize = 16;
const cases: Readonly<Record<string, Case>> = {
  plain: { options: { epochs, batchSize, validationSplit: 0.2 } },
  'in order': { options: { epochs, batchSize, shuffle: false } },
  'with epochs shorter than the data': { options: { epochs: 6, batchSize, stepsPerEpoch: 3 } },
  'in order, with epochs shorter than the data': {
    options: { epochs: 6, batchSize, stepsPerEpoch: 3, shuffle: false },
  },
  'of batches': { options: { epochs }, data: () => batches },
  'of batches, with epochs shorter than the data': {
    options: { epochs: 6, stepsPerEpoch: 3 },
    data: () => batches,
  },
  'of batches, with epochs as long as the data': {
    options: { epochs: 6, stepsPerEpoch: 4 },
    data: () => batches,
  },
  'with a schedule that is lowered': {
    options: { epochs: 6, batchSize },
    schedule: true,
    callbacks: () => [new ReduceLROnPlateau({ monitor: 'loss', minDelta: 1, patience: 1 })],
  },
  'with rates set by epoch': {
    options: { epochs, batchSize },
    callbacks: () => [new LearningRateScheduler((_, rate) => rate * 0.7)],
  },
  'that stops early': {
    options: { epochs: 20, batchSize, validationSplit: 0.2 },
    callbacks: () => [
      new EarlyStopping({ minDelta: 1e-3, patience: 2, restoreBestWeights: true, monitor: 'loss' }),
    ],
  },
};

describe.each(Object.entries(cases))('a run %s', (_, test) => {
  let whole: Result;
  beforeAll(async () => {
    whole = await run(test, make(1, test.schedule), []);
  });

  const tail = (logs: Result['logs'], n: number): Result['logs'] =>
    Object.fromEntries(Object.entries(logs).map(([name, values]) => [name, values.slice(-n)]));

  // The first piece has the seed of the whole run; those after it have others, and the backup's.
  it.each([
    [7, 'epoch' as const],
    [5, 1],
    [7, 3],
  ])('cut off after every %i batches, saved by %s', async (every, saveFreq) => {
    const backupDir = freshFolder();
    let result: Result | undefined;
    let pieces = 0;
    for (; !result && pieces < 50; pieces++) {
      const backup = new BackupAndRestore(backupDir, { saveFreq });
      const model = make(pieces === 0 ? 1 : 100 + pieces, test.schedule);
      result = await run(test, model, [backup, new Cut(every)]).catch((error: unknown) => {
        if (error instanceof Error && error.message === 'cut') return undefined;
        throw error;
      });
    }
    expect(pieces).toBeGreaterThan(1);
    const ran = result?.logs.loss.length ?? 0;
    expect(ran).toBeGreaterThan(0);
    expect(result?.logs).toEqual(tail(whole.logs, ran));
    expect(result?.weights).toEqual(whole.weights);
    expect(existsSync(backupDir)).toBe(false);
  });
});

describe.runIf(backend() === 'native')('a run that is killed', () => {
  let scripts: Scripts;
  beforeAll(() => {
    scripts = new Scripts();
  });
  afterAll(() => scripts.remove());

  it.each(['epoch', 5])(
    'by SIGKILL, again and again, ends with the bits of one that is not: saved by %s',
    async (saveFreq) => {
      const path = scripts.write(
        `killed-${saveFreq}`,
        `
const [backupDir, seed] = process.argv.slice(2);
const { model, fit } = make(64, Number(seed));
model.build([null, 32]);
const callbacks = backupDir === 'none' ? [] : [new n.callbacks.BackupAndRestore(backupDir, { saveFreq: ${JSON.stringify(saveFreq)} })];
console.log('fitting');
await fit({ epochs: 20, callbacks });
console.log(digest(model, { stepLosses: new Float32Array() }));
`,
      );
      const whole = await scripts.run(path, 'none', '1');
      const backupDir = freshFolder();
      const delays = seeded(7);
      let kills = 0;
      for (let attempt = 1; ; attempt++) {
        // What goes on from a backup has another seed of its own; what begins anew has the first one's.
        const seed = existsSync(join(backupDir, 'latest.backup')) ? 1 + attempt : 1;
        const ending = await killAfter(scripts, [path, backupDir, String(seed)], delays);
        if (ending.signal === 'SIGKILL') {
          kills++;
          continue;
        }
        expect(ending).toEqual(whole);
        break;
      }
      expect(kills).toBeGreaterThan(1);
      expect(existsSync(backupDir)).toBe(false);
    },
  );
});

/** Runs a script, and kills it at some time after it has begun to fit. */
function killAfter(
  scripts: Scripts,
  args: readonly string[],
  delays: ReturnType<typeof seeded>,
): Promise<Ending> {
  const [delay] = delays.uniforms(1);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env: scripts.env });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), 30 + ((delay + 1) / 2) * 200);
      output += text;
    });
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

describe('a backup', () => {
  const options = { ...quiet, epochs: 3, batchSize: 16 };
  const interrupted = async (backupDir: string, more: object = {}) => {
    const callbacks = [new BackupAndRestore(backupDir, more), new Cut(11)];
    await rejection(make(1).fit(x, labels, { ...options, callbacks }));
  };
  const resumed = (backupDir: string, model = make(2), more: object = {}) =>
    model.fit(x, labels, { ...options, callbacks: [new BackupAndRestore(backupDir, more)] });

  it('is kept if asked for; a run that was done does nothing more', async () => {
    const backupDir = freshFolder();
    const model = make(1);
    await resumed(backupDir, model, { deleteCheckpoint: false });
    expect(readdirSync(backupDir)).toEqual(['latest.backup']);
    const again = make(2);
    expect((await resumed(backupDir, again)).epoch).toEqual([]);
    expect(weightsOf(again)).toEqual(weightsOf(model));
  });

  it('leaves alone what others have in its folder', async () => {
    const backupDir = freshFolder();
    mkdirSync(backupDir);
    writeFileSync(join(backupDir, 'notes.txt'), '');
    await resumed(backupDir);
    expect(readdirSync(backupDir)).toEqual(['notes.txt']);
  });

  it('half written is not looked at', async () => {
    const backupDir = freshFolder();
    await interrupted(backupDir);
    writeFileSync(join(backupDir, 'latest.backup.unfinished'), 'NEURONE1');
    expect((await resumed(backupDir)).epoch).toEqual([2]);
    expect(existsSync(backupDir)).toBe(false);
  });

  it.each([
    ['cut off', (file: Buffer) => file.subarray(0, -10)],
    ['changed', (file: Buffer) => Buffer.from(file).fill(7, 900, 904)],
    ['empty', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('PK and so on, and so on')],
  ])('%s is an error; with doubleCheckpoint the one before is used', async (_, damage) => {
    for (const doubleCheckpoint of [false, true]) {
      const backupDir = freshFolder();
      await interrupted(backupDir, { doubleCheckpoint });
      const path = join(backupDir, 'latest.backup');
      writeFileSync(path, damage(readFileSync(path)));
      const model = make(2);
      const before = weightsOf(model);
      if (doubleCheckpoint) {
        const whole = make(1);
        await whole.fit(x, labels, options);
        expect((await resumed(backupDir, model)).epoch).toEqual([1, 2]);
        expect(weightsOf(model)).toEqual(weightsOf(whole));
      } else {
        const error = await rejection(resumed(backupDir, model));
        expect(error).toBeInstanceOf(FormatError);
        expect(String(error)).toMatch(/latest\.backup: not a whole backup: .* Delete it/);
        expect(weightsOf(model)).toEqual(before);
      }
    }
  });

  it('of another model is an error', async () => {
    const backupDir = freshFolder();
    await interrupted(backupDir);
    const other = new Sequential([new Dense(2, { activation: 'softmax', inputShape: [3] })]);
    other.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    const error = await rejection(resumed(backupDir, other));
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(/It is of another model or optimizer/);
  });

  it('needs a model that is built, and a folder', async () => {
    const model = new Sequential([new Dense(2, { activation: 'softmax' })]);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    const callbacks = [new BackupAndRestore(freshFolder())];
    expect(String(await rejection(model.fit(batches, null, { ...quiet, callbacks })))).toMatch(
      /has no weights yet\. Call model\.build/,
    );
    expect(() => new BackupAndRestore('')).toThrow(ConfigError);
    expect(() => new BackupAndRestore('b', { saveFreq: 0 })).toThrow(/saveFreq: expected 'epoch'/);
  });

  it('made by hand gives back what is not finite, and every type', async () => {
    const path = join(folder, 'by-hand');
    const tensors = [
      ['a', tensor([[1, Number.NaN, Number.NEGATIVE_INFINITY]])],
      ['b', tensor(Int32Array.of(-5, 7))],
      ['c', tensor(Uint8Array.of(0, 255))],
      ['d', tensor(3)],
    ] as const;
    const state = { loss: Number.NaN, best: [Number.POSITIVE_INFINITY, 1, null], text: 'ü' };
    await writeBackup(path, { state, tensors });
    const read = await readBackup(path);
    expect(read?.state).toEqual(state);
    for (const [i, [name, value]] of tensors.entries()) {
      const [readName, again] = read?.tensors[i] ?? [];
      expect([readName, again?.shape, again?.dtype]).toEqual([name, value.shape, value.dtype]);
      expect(await again?.data()).toEqual(await value.data());
    }
  });

  it('holds all that a step of training changes', async () => {
    const backupDir = freshFolder();
    const model = make(1);
    await resumed(backupDir, model, { deleteCheckpoint: false });
    const read = await readBackup(join(backupDir, 'latest.backup'));
    const kinds = read?.tensors.filter(([kind]) => kind !== 'callback') ?? [];
    expect(kinds).toHaveLength(model.program('train').slots.states);
  });
});
