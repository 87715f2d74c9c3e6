// Files of very many objects: listing them may take long, as long as it comes along.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { File, Module, ready } from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { H5Reader } from '../../lib/io/h5.js';
import { FormatError } from '../../lib/util/errors.js';
import { temporaryFolder } from '../support/files.js';

const groups = 6_000;
const path = join(temporaryFolder(), 'many.h5');

/** What is found in `seconds`, and in what objects give besides. */
async function listed(seconds: number): Promise<number> {
  const reader = new H5Reader(path);
  try {
    const found = await reader.open({ path, offset: 0, bytes: statSync(path).size }, seconds);
    return found.groups.length;
  } finally {
    await reader.end();
  }
}

describe('a file of many objects', () => {
  beforeAll(async () => {
    await ready;
    const file = new File(path, 'w');
    for (let i = 0; i < groups; i++) Module.create_group(file.file_id, `g${i}`, false);
    file.close();
  });

  it('is listed to its end where its size alone gives too little time', async () => {
    expect(await listed(0.3)).toBe(groups + 1);
  }, 60_000);

  it('is refused if the reader does not come along', async () => {
    await expect(listed(0)).rejects.toThrow(FormatError);
    await expect(listed(0)).rejects.toThrow(/its structure has no end/);
  }, 60_000);
});
