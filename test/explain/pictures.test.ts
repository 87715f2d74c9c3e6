// Pictures: pixels where they belong, PNG files that a decoder of its own reads back.
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { heatmap, imageGrid, overlay, toPNG, toSVG } from '../../lib/explain/index.js';
import { type Tensor, tensor } from '../../lib/index.js';

const list = async (t: Tensor) => [...(await t.data())];

/** Width, height, colour type and rows of a PNG as this library writes them: unfiltered. */
function readPNG(bytes: Uint8Array) {
  const view = Buffer.from(bytes);
  expect([...view.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks: Record<string, Buffer> = {};
  for (let at = 8; at < view.length; ) {
    const length = view.readUInt32BE(at);
    chunks[view.toString('latin1', at + 4, at + 8)] = view.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  const [width, height] = [chunks.IHDR.readUInt32BE(0), chunks.IHDR.readUInt32BE(4)];
  return { width, height, type: chunks.IHDR[9], rows: inflateSync(chunks.IDAT), chunks };
}

describe('PNG', () => {
  it('has the pixels of the image, enlarged', async () => {
    const png = readPNG(await toPNG(tensor([0, 1, 0.5, 2], { shape: [2, 2] }), { scale: 2 }));
    expect([png.width, png.height, png.type]).toEqual([4, 4, 0]);
    expect([...png.rows]).toEqual([
      ...[0, 0, 0, 255, 255, 0, 0, 0, 255, 255],
      ...[0, 128, 128, 255, 255, 0, 128, 128, 255, 255],
    ]);
  });

  it('has three or four channels too, and the checksum of the standard', async () => {
    const rgb = readPNG(await toPNG(tensor([1, 0, 0.2], { shape: [1, 1, 3] })));
    expect([rgb.type, ...rgb.rows]).toEqual([2, 0, 255, 0, 51]);
    const rgba = readPNG(await toPNG(tensor([1, 0, 0, 1], { shape: [1, 1, 4] })));
    expect(rgba.type).toBe(6);
    const bytes = Buffer.from(await toPNG(tensor([0], { shape: [1, 1] })));
    expect(bytes.subarray(-4).toString('hex')).toBe('ae426082'); // of IEND, in every PNG
  });

  it('refuses what is no image', async () => {
    await expect(toPNG(tensor([1, 2]))).rejects.toThrow(/\[height, width\]/);
    await expect(toPNG(tensor([1, 2], { shape: [1, 1, 2] }))).rejects.toThrow(/1, 3 or 4/);
    await expect(toPNG(tensor([1], { shape: [1, 1] }), { scale: 0.5 })).rejects.toThrow(
      /whole scale/,
    );
  });
});

describe('grids', () => {
  it('put images side by side, each stretched to its own range', async () => {
    const images = tensor([0, 2, 4, 8, 1, 1], { shape: [3, 1, 2] });
    const grid = await imageGrid(images, { columns: 2 });
    expect(grid.shape).toEqual([3, 5]);
    expect(await list(grid)).toEqual([0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1]);
  });

  it('have colours, and can keep values', async () => {
    const images = tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], { shape: [2, 1, 1, 3] });
    const grid = await imageGrid(images, { columns: 2, gap: 0, normalize: false });
    expect(grid.shape).toEqual([1, 2, 3]);
    expect((await list(grid)).map((v) => Math.round(v * 10))).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(imageGrid(tensor([1]))).rejects.toThrow(/\[count, height, width\]/);
  });
});

describe('colours', () => {
  it('run from black to white, or from blue over white to red', async () => {
    const heat = await list(await heatmap(tensor([-1, 3], { shape: [1, 2] })));
    expect(heat.slice(0, 3)).toEqual([0, 0, 0]);
    expect(heat[3]).toBe(1);
    const both = await list(
      await heatmap(tensor([-2, 0, 1], { shape: [1, 3] }), { colors: 'diverging' }),
    );
    expect(both[2]).toBeGreaterThan(both[0]);
    expect(both.slice(3, 6)).toEqual([1, 1, 1]);
    expect(both[6]).toBeGreaterThan(both[8]);
    await expect(
      heatmap(tensor([1], { shape: [1, 1] }), { colors: 'jet' as never }),
    ).rejects.toThrow(/heat or diverging/);
  });

  it('lie over an image where the map is', async () => {
    const image = tensor([0.5, 0.5], { shape: [1, 2] });
    const laid = await list(
      await overlay(image, tensor([0, 1], { shape: [1, 2] }), { opacity: 1 }),
    );
    expect(laid.slice(0, 3)).toEqual([0.5, 0.5, 0.5]);
    expect(laid[3]).toBe(1);
    await expect(overlay(image, tensor([1], { shape: [1, 1] }))).rejects.toThrow(
      /1 × 2, got 1 × 1/,
    );
  });
});

it('draws images with captions as SVG', async () => {
  const image = tensor([0, 1], { shape: [1, 2] });
  const svg = await toSVG([{ image, caption: '7 < 9' }, { image }], { scale: 4 });
  expect(svg).toContain('7 &lt; 9');
  expect(svg.match(/<image [^>]*width="8" height="4"[^>]*data:image\/png;base64,/g)?.length).toBe(
    2,
  );
});
