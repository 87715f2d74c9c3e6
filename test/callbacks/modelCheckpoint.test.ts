// ModelCheckpoint: whole files whatever happens, messages, and paths that cannot be.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { ModelCheckpoint, type ModelCheckpointOptions } from '../../lib/callbacks/index.js';
import { ConfigError } from '../../lib/util/errors.js';
import { classifier, inputs, labelsOf, quiet, rejection } from '../support/models.js';

const folder = mkdtempSync(join(tmpdir(), 'neurone-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());
const x = inputs(40);
const labels = labelsOf(x);

/** Trains three epochs with a model whose saving is `save`. */
async function train(
  path: string,
  options: ModelCheckpointOptions,
  save: (to: string) => Promise<void> = (to) => writeFile(to, basename(to)),
) {
  const model = classifier();
  Object.assign(model, { save, saveWeights: save });
  const callbacks = [new ModelCheckpoint(path, options)];
  return model.fit(x, labels, { ...quiet, epochs: 3, validationSplit: 0.25, callbacks });
}

describe('a checkpoint', () => {
  it('makes its folders, and is named by what is logged', async () => {
    const path = join(folder, 'a', 'b', '{epoch:02d}-{val_accuracy:.1f}.keras');
    const { history } = await train(path, {});
    expect(readdirSync(dirname(path)).sort()).toEqual(
      history.val_accuracy.map((value, i) => `0${i + 1}-${value.toFixed(1)}.keras`),
    );
  });

  it('is written beside its place, under a name of the same ending, and then renamed', async () => {
    const path = join(folder, 'model.weights.h5');
    const seen: string[] = [];
    await train(path, { saveWeightsOnly: true }, async (to) => {
      seen.push(to);
      if (existsSync(path)) expect(readFileSync(path, 'utf8')).toBe('whole');
      await writeFile(to, 'whole');
    });
    expect(seen).toHaveLength(3);
    for (const to of seen) {
      expect(dirname(to)).toBe(folder);
      expect(to).not.toBe(path);
      expect(to.endsWith('.weights.h5')).toBe(true);
    }
  });

  it('that fails ends fit, and leaves the former file as it was and nothing half written', async () => {
    const path = join(folder, 'failing', 'model.keras');
    let saves = 0;
    const error = await rejection(
      train(path, {}, async (to) => {
        saves += 1;
        await writeFile(to, saves === 1 ? 'first' : 'half');
        if (saves === 2) throw new RangeError('the disk is full');
      }),
    );
    expect(error).toEqual(new RangeError('the disk is full'));
    expect(readdirSync(dirname(path))).toEqual(['model.keras']);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  it('tells what it does, with verbose', async () => {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const path = join(folder, 'told.keras');
    const options = { saveBestOnly: true, monitor: 'val_loss', verbose: 1 } as const;
    const { history } = await train(path, { ...options, initialValueThreshold: -1 });
    expect(said.mock.calls.map(([line]) => line)).toEqual(
      [1, 2, 3].map((epoch) => `Epoch ${epoch}: val_loss did not improve from -1.00000`),
    );
    said.mockClear();
    await train(path, options);
    expect(said.mock.calls.slice(0, 2).map(([line]) => String(line))).toEqual([
      expect.stringMatching(
        /^Epoch 1: val_loss improved from None to \d\.\d{5}, saving model to .*told\.keras$/,
      ),
      `Epoch 1: finished saving model to ${path}`,
    ]);
    expect(history.val_loss).toHaveLength(3);
  });

  it('cannot take the place of a folder', async () => {
    const path = join(folder, 'folder.keras');
    mkdirSync(path);
    const error = await rejection(train(path, {}));
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/expected the path of a file, ".*folder\.keras" is a folder/);
  });

  it('needs a path that tells the format, and names of what is logged', async () => {
    expect(() => new ModelCheckpoint('model')).toThrow(/must end in \.keras or \.h5, got "model"/);
    expect(() => new ModelCheckpoint('m.keras', { saveWeightsOnly: true })).toThrow(
      /must end in \.weights\.h5 with saveWeightsOnly/,
    );
    expect(() => new ModelCheckpoint('m.keras', { saveFreq: 0.5 })).toThrow(/saveFreq: expected/);
    for (const [name, message] of [
      ['{val_los}.keras', /asks for "val_los", which is not logged; there are epoch, loss/],
      ['{batch}.keras', /asks for "batch", which is not logged/],
      ['{loss:02d}.keras', /cannot format loss with "02d"/],
      ['{loss:what}.keras', /cannot format loss with "what"/],
    ] as const) {
      const error = await rejection(train(join(folder, name), {}));
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toMatch(message);
    }
  });
});
