// Pictures of models: every layer and connection is in them, nothing overlaps, and names are escaped.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model, modelToMermaid, ops, plotModel } from '../../lib/index.js';
import { Dense } from '../../lib/layers/dense.js';
import { input } from '../../lib/layers/input.js';
import { Sequential } from '../../lib/models/sequential.js';
import { layOut } from '../../lib/report/layout.js';
import { StateError } from '../../lib/util/errors.js';

function branching() {
  const t = input([4], { name: 'in' });
  const shared = new Dense(3, { name: 'a<b' });
  const left = shared.apply(t);
  const right = shared.apply(new Dense(4, { name: 'pre' }).apply(t));
  return new Model({ inputs: t, outputs: ops.concatenate([left, right], 1), name: 'net' });
}

describe('plotModel', () => {
  it('shows layers, classes, shapes, parameters and connections', async () => {
    const svg = await plotModel(branching());
    for (const text of ['in · InputLayer', 'a&#60;b · Dense', '[null, 6]', '15 parameters']) {
      expect(svg).toContain(text);
    }
    expect(
      svg.match(/<rect x="-?[\d.]+" y="-?[\d.]+" width="[\d.]+" height="\d+" rx/g),
    ).toHaveLength(4);
    expect(svg.match(/<path marker-end/g)).toHaveLength(3);
    expect(await plotModel(branching(), { showShapes: false })).not.toContain('[null, 6]');
  });

  it('writes a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'neurone-plot-'));
    const path = join(folder, 'model.svg');
    const svg = await plotModel(branching(), { toFile: path });
    expect(readFileSync(path, 'utf8')).toBe(svg);
    rmSync(folder, { recursive: true });
  });

  it('refuses what has no graph', async () => {
    await expect(plotModel(new Sequential([new Dense(1)]))).rejects.toThrow(StateError);
    class Own extends Model {}
    expect(() => modelToMermaid(new Own())).toThrow(/no graph to draw/);
  });
});

it('modelToMermaid lists boxes and arrows', () => {
  const model = new Sequential([new Dense(2, { name: 'd', inputShape: [3] })]);
  const text = modelToMermaid(model);
  expect(text).toMatch(/^flowchart TD\n {2}n0\["input_layer\w* · InputLayer<br\/>\[null, 3\]"\]\n/);
  expect(text).toContain('n1["d · Dense<br/>[null, 2]"]\n  n0 --> n1\n');
});

it('layOut never lets boxes overlap, and puts each below what it reads', () => {
  const graphs = fc.integer({ min: 1, max: 25 }).chain((n) =>
    fc.tuple(
      ...Array.from({ length: n }, (_, i) =>
        fc.record({
          width: fc.integer({ min: 10, max: 300 }),
          height: fc.integer({ min: 10, max: 60 }),
          parents: fc.uniqueArray(fc.integer({ min: 0, max: Math.max(0, i - 1) }), {
            maxLength: i === 0 ? 0 : 3,
          }),
        }),
      ),
    ),
  );
  fc.assert(
    fc.property(graphs, (boxes) => {
      const { places, width, height } = layOut(boxes);
      for (const [i, a] of boxes.entries()) {
        const p = places[i];
        expect(p.x >= 0 && p.x + a.width <= width + 1e-6).toBe(true);
        expect(p.y >= 0 && p.y + a.height <= height + 1e-6).toBe(true);
        for (const parent of a.parents) {
          expect(places[parent].y + boxes[parent].height).toBeLessThan(p.y);
        }
        for (let j = 0; j < i; j++) {
          const [b, q] = [boxes[j], places[j]];
          const apart =
            p.x + a.width <= q.x ||
            q.x + b.width <= p.x ||
            p.y + a.height <= q.y ||
            q.y + b.height <= p.y;
          expect(apart).toBe(true);
        }
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
