// Where images have their channels.
import { ConfigError } from '../util/errors.js';

/** As configs write it. */
export type DataFormat = 'channels_last' | 'channels_first';

/** The data format that an option of the layer class `where` means; by default channels are last. */
export function dataFormatOf(where: string, given: string | null | undefined): DataFormat {
  const name = (given ?? 'channels_last').replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  if (name === 'channels_last' || name === 'channels_first') return name;
  throw new ConfigError(
    `${where}: dataFormat must be channelsLast or channelsFirst, got "${given}".`,
  );
}
