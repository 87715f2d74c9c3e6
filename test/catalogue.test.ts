// docs/keras.md: every name of Keras is there or has a reason, and the page says what the library has.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as library from '../lib/index.js';
import { catalogue, catalogueText } from '../scripts/catalogue.js';

describe("the table of Keras's names", () => {
  it('has a reason for every absence', () => {
    const rows = catalogue(library).flatMap(({ family, rows: list }) =>
      list.map((row) => ({ family, ...row })),
    );
    expect(rows.length).toBeGreaterThan(400);
    const unexplained = rows.filter(({ here, reason }) => here === undefined && !reason);
    expect(unexplained.map(({ family, name }) => `${family}.${name}`)).toEqual([]);
  });

  it('is docs/keras.md', () => {
    const page = new URL('../docs/keras.md', import.meta.url);
    expect(readFileSync(page, 'utf8')).toBe(catalogueText(library));
  });
});
