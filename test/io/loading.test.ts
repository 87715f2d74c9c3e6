// What loading large models rests on: weights of a file are not drawn first, and zeros share their memory.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, loadModel, register, Sequential, variable } from '../../lib/index.js';
import { Initializer } from '../../lib/initializers/index.js';
import { Dense, Input } from '../../lib/layers/index.js';
import { filled, type Tensor } from '../../lib/tensor/tensor.js';
import { flat, temporaryFolder } from '../support/files.js';

let drawn = 0;
class Counting extends Initializer {
  override call(shape: readonly number[]): Tensor {
    drawn++;
    return filled(0.5, shape);
  }
  override getConfig() {
    return {};
  }
  static override fromConfig(): Counting {
    return new Counting();
  }
}
register(Counting);

describe('loading', () => {
  it('draws no weights that the file has', async () => {
    const model = new Sequential([
      new Input({ shape: [3] }),
      new Dense(2, { kernelInitializer: new Counting() }),
    ]);
    expect(drawn).toBe(1);
    const path = join(temporaryFolder(), 'm.keras');
    await model.save(path);
    const again = await loadModel(path);
    expect(drawn).toBe(1);
    expect(await flat(again)).toEqual(await flat(model));
  });

  it('variables that begin as zeros do not change each other', async () => {
    const shape = [200, 200];
    const [a, b] = [variable(filled(0, shape)), variable(filled(0, shape))];
    expect(a.data.buffer).toBe(b.data.buffer);
    const step = compile(() => {
      a.assign(a.value.add(1));
      return b.value.sum();
    });
    expect(await step().data()).toEqual(Float32Array.of(0));
    expect(await step().data()).toEqual(Float32Array.of(0));
    b.assignAdd(3);
    expect((await a.value.data()).every((v) => v === 2)).toBe(true);
    expect((await b.value.data()).every((v) => v === 3)).toBe(true);
    expect((await filled(0, shape).data()).every((v) => v === 0)).toBe(true);
  });
});
