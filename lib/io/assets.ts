// Assets: texts that a `.keras` file keeps for layers beside their weights, under the paths of those.
import { type AssetKeeper, keepsAssets } from '../layers/assets.js';
import type { Model } from '../models/model.js';
import { FormatError, NeuroneError } from '../util/errors.js';
import { walk } from './walk.js';
import { type Archive, type Member, readMember } from './zip.js';

const folder = 'assets';

/** The longest text; a vocabulary of ten million words has as much. */
const maxBytes = 1 << 27;

const pathOf = (path: string): string => (path === '' ? folder : `${folder}/${path}`);

/** The texts of all layers, by their names in the archive. */
export function assetsOf(model: Model): Readonly<Record<string, string>> {
  const all = walk(model).flatMap(({ path, layer }) =>
    Object.entries(layer && keepsAssets(layer) ? layer.saveAssets() : {}).map(([name, text]) => [
      `${pathOf(path)}/${name}`,
      text,
    ]),
  );
  return Object.fromEntries(all);
}

/** What a layer is to take on. */
export interface LayerAssets {
  readonly layer: AssetKeeper;
  readonly assets: Readonly<Record<string, string>>;
}

async function readText(archive: Archive, member: Member): Promise<string> {
  const quoted = JSON.stringify(member.name);
  if (member.size > maxBytes) throw new FormatError(`${archive.where}: ${quoted} is too large.`);
  const content = await readMember(archive, member);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw new FormatError(`${archive.where}: ${quoted} is not UTF-8.`, { cause: error });
  }
}

/** The texts in an archive of each layer, in the order of the layers. */
export async function readAssets(
  model: Model,
  archive: Archive,
  members: ReadonlyMap<string, Member>,
): Promise<LayerAssets[]> {
  const found: LayerAssets[] = [];
  for (const { path, layer } of walk(model)) {
    if (!layer || !keepsAssets(layer)) continue;
    const prefix = `${pathOf(path)}/`;
    const own = [...members.values()].filter(
      ({ name }) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'),
    );
    const texts: [string, string][] = [];
    for (const member of own)
      texts.push([member.name.slice(prefix.length), await readText(archive, member)]);
    found.push({ layer, assets: Object.fromEntries(texts) });
  }
  return found;
}

/** Has the layers take on their texts. @throws FormatError that names the file */
export function takeAssets(all: readonly LayerAssets[], where: string): void {
  try {
    for (const { layer, assets } of all) layer.loadAssets(assets);
  } catch (error) {
    if (!(error instanceof NeuroneError)) throw error;
    throw new FormatError(`${where}: ${error.message}`, { cause: error });
  }
}
