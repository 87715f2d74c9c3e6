// Files that are there whole or not at all: written under another name, and renamed when they are complete.
import { randomBytes } from 'node:crypto';
import { access, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError, NeuroneError } from '../util/errors.js';

/** A name beside `path` that nobody else uses. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);

/**
 * Has `write` make a file under a temporary name, and gives it its own.
 *
 * @throws ConfigError if there is a file already and `overwrite` is false; whatever `write` throws, and then
 *   an older file of the name is as it was
 */
export async function writeAtomically(
  path: string,
  overwrite: boolean,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  if (!overwrite && (await exists(path))) {
    throw new ConfigError(`"${path}" exists already. Choose another name, or overwrite: true.`);
  }
  const temporary = temporaryBeside(path);
  try {
    await makeEmpty(path, temporary);
    await write(temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Finds out whether a file can be written there before anything else is done. */
async function makeEmpty(path: string, temporary: string): Promise<void> {
  try {
    await writeFile(temporary, '', { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such folder' : message;
    const failure = new NeuroneError(`"${path}" cannot be written: ${why}.`, { cause: error });
    throw Object.assign(failure, { code });
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
