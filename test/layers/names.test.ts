// Automatic names are Keras's, for every layer class that Keras exports.
import { describe, expect, it } from 'vitest';
import { clearSession, uniqueName } from '../../lib/layers/layer.js';
import { readGoldens } from '../support/golden.js';

interface NameCase {
  readonly class_name: string;
  readonly names: readonly string[];
}

describe('automatic names', () => {
  const cases = readGoldens<NameCase>('layer_names');

  it('cover the catalogue', () => expect(cases.length).toBeGreaterThan(100));

  it.each(cases)('$class_name', ({ class_name: name, names }) => {
    clearSession();
    expect([uniqueName(name), uniqueName(name)]).toEqual(names);
  });
});
