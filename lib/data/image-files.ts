// Which image files a folder has, in Keras's order, and the class of each.
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError } from '../util/errors.js';
import { suggestion } from '../util/suggest.js';

/** Image files with a label each, if they have labels. */
export interface LabelledFiles {
  readonly paths: readonly string[];
  readonly labels: readonly number[] | undefined;
  readonly classNames: readonly string[] | undefined;
}

const endings = /\.(bmp|gif|jpe?g|png)$/i;
const endingsInWords = '.bmp, .gif, .jpeg, .jpg and .png';

/** In the order of code points, as Python sorts; UTF-16 has some of them in another. */
export function byCodePoint(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of code points beyond 16 bits come last. */
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);

interface Listing {
  readonly folders: readonly string[];
  /** Folders that are links. */
  readonly links: readonly string[];
  readonly images: readonly string[];
}

async function list(folder: string, where: string): Promise<Listing> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such folder'
        : code === 'ENOTDIR'
          ? 'it is not a folder'
          : message;
    throw new DataError(`${where}: cannot list "${folder}": ${why}.`, { cause });
  });
  const folders: string[] = [];
  const links: string[] = [];
  const images: string[] = [];
  for (const entry of entries) {
    const target = entry.isSymbolicLink()
      ? await stat(join(folder, entry.name)).catch(() => undefined)
      : undefined;
    if (entry.isDirectory()) folders.push(entry.name);
    else if (target?.isDirectory()) links.push(entry.name);
    else if (endings.test(entry.name)) images.push(entry.name);
  }
  return { folders, links, images: images.sort(byCodePoint) };
}

/** The images in a folder and in those within it: folder by folder in order, and in order in each. */
async function imagesWithin(
  folder: string,
  followLinks: boolean,
  where: string,
): Promise<readonly string[]> {
  const found: { readonly folder: string; readonly images: readonly string[] }[] = [];
  const walk = async (at: string, above: readonly string[]): Promise<void> => {
    const own = followLinks ? await realpath(at) : at;
    // A link to a folder that it is in would never end.
    if (above.includes(own)) return;
    const { folders, links, images } = await list(at, where);
    found.push({ folder: at, images });
    for (const name of followLinks ? [...folders, ...links] : folders) {
      await walk(join(at, name), [...above, own]);
    }
  };
  await walk(folder, []);
  found.sort((a, b) => byCodePoint(a.folder, b.folder));
  return found.flatMap(({ folder: at, images }) => images.map((name) => join(at, name)));
}

async function classesIn(
  folder: string,
  given: readonly string[] | undefined,
  where: string,
): Promise<readonly string[]> {
  const { folders, links, images } = await list(folder, where);
  const present = [...folders, ...links].filter((name) => !name.startsWith('.')).sort(byCodePoint);
  if (present.length === 0) {
    const found =
      images.length === 0
        ? 'it is empty'
        : `it has ${images.length} image${images.length === 1 ? '' : 's'} and no folder`;
    throw new DataError(
      `${where}: expected one folder of images for each class in "${folder}", but ${found}. For images without classes give labels: null.`,
    );
  }
  if (!given) return present;
  for (const [i, name] of given.entries()) {
    if (!present.includes(name)) {
      throw new ConfigError(
        `${where}: classNames: there is no folder "${name}" in "${folder}".${suggestion(name, present)} Folders: ${present.join(', ')}.`,
      );
    }
    if (given.indexOf(name) < i) throw new ConfigError(`${where}: classNames has "${name}" twice.`);
  }
  return given;
}

export interface ListOptions {
  readonly labels: 'inferred' | readonly number[] | null;
  readonly classNames: readonly string[] | undefined;
  readonly followLinks: boolean;
}

const atLeastOne = (paths: readonly string[], folder: string, where: string): void => {
  if (paths.length > 0) return;
  throw new DataError(
    `${where}: found no image in "${folder}". Images are files that end in ${endingsInWords}.`,
  );
};

/** Labels that were given, one for each file, and their names. @throws DataError */
export function withLabels(
  paths: readonly string[],
  labels: readonly number[],
  where: string,
): LabelledFiles {
  if (labels.length !== paths.length) {
    throw new DataError(
      `${where}: labels: expected one for each of ${paths.length} files, got ${labels.length}.`,
    );
  }
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (wrong >= 0) {
    throw new DataError(
      `${where}: labels: expected whole numbers from 0 on, got ${labels[wrong]} at ${wrong}.`,
    );
  }
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  return { paths, labels, classNames: classes.map(String) };
}

/** All images in a folder: class by class if labels are inferred, else whatever lies in it. */
export async function listImages(
  folder: string,
  { labels, classNames, followLinks }: ListOptions,
  where: string,
): Promise<LabelledFiles> {
  if (labels !== 'inferred') {
    const paths = await imagesWithin(folder, followLinks, where);
    atLeastOne(paths, folder, where);
    return labels
      ? withLabels(paths, labels, where)
      : { paths, labels: undefined, classNames: undefined };
  }
  const classes = await classesIn(folder, classNames, where);
  const paths: string[] = [];
  const inferred: number[] = [];
  for (const [label, name] of classes.entries()) {
    for (const path of await imagesWithin(join(folder, name), followLinks, where)) {
      paths.push(path);
      inferred.push(label);
    }
  }
  atLeastOne(paths, folder, where);
  return { paths, labels: inferred, classNames: classes };
}
