// What the JS backend alone has: two ways, with and without WebAssembly, to compute the same.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { chunkWords, drawWords, philox } from '../../lib/backend/js/kernels/philox.js';
import { wasmModule } from '../../lib/backend/js/wasm/module.js';
import { cases, check } from './kernels/check.js';
import { philox as reference } from './kernels/reference.js';

/** Kernels that use WebAssembly where they can. */
const accelerated = [
  'matmul',
  'dense',
  'conv',
  'convInputGrad',
  'convKernelGrad',
  'adam',
  'dropout',
  'randomBits',
  'randomNormal',
];

describe('without WebAssembly', () => {
  let runKernel: Parameters<typeof check>[2];

  beforeAll(async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    ({ runKernel } = await import('../support/kernel.js'));
    const fresh = await import('../../lib/backend/js/wasm/module.js');
    expect(fresh.wasmModule()).toBeUndefined();
  });

  afterAll(() => {
    vi.unstubAllGlobals();
  });

  for (const kernel of accelerated) {
    it(`${kernel} gives the same`, async () => {
      for (const test of cases.filter((test) => test.kernel === kernel)) {
        for (const inPlace of [[], ...(test.inPlace ?? [])]) {
          await check(test, { inPlace }, runKernel);
        }
      }
    });
  }
});

describe('where WebAssembly is forbidden', () => {
  it('there is no module, and no error', async () => {
    const Module = () => {
      throw new Error('unsafe-eval');
    };
    vi.stubGlobal('WebAssembly', { Module });
    vi.resetModules();
    const fresh = await import('../../lib/backend/js/wasm/module.js');
    expect(fresh.wasmModule()).toBeUndefined();
    vi.unstubAllGlobals();
  });
});

describe('Philox', () => {
  const vectors = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [-1, -1, -1, -1],
      [-1, -1],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];

  it.each(vectors)('gives the published words of counter %j, key %j', (counter, seed, expected) => {
    expect(reference(counter, seed)).toEqual(expected);
    const [firstBlock, stream, stepLow, stepHigh] = counter;
    const range = { firstBlock, stream };
    const key = Int32Array.of(...seed, stepLow, stepHigh);
    const words = new Int32Array(chunkWords);
    philox(words, range, key);
    expect([...words.subarray(0, 4)].map((word) => word >>> 0)).toEqual(expected);
    expect(wasmModule()).toBeDefined();
    expect(drawWords(range, key).subarray(0, chunkWords)).toEqual(words);
  });
});
