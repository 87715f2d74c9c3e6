// CSVLogger: a row per epoch in a file.
import { appendFile, open, writeFile } from 'node:fs/promises';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback, type Logs, type LogValue } from './callback.js';
import { pythonFloat } from './format.js';

export interface CSVLoggerOptions {
  /** One character between the fields. Default a comma. */
  readonly separator?: string;
  /** Whether to go on in a file that is there; it has its header already. Default false. */
  readonly append?: boolean;
}

/** A value as Keras's CSVLogger writes it: numbers of arrays are float32 there. */
const field = (value: LogValue): string =>
  typeof value === 'number'
    ? pythonFloat(value)
    : `"[${value.map((v) => pythonFloat(v, 'float32')).join(', ')}]"`;

/** Whether a file is there and its first line is not empty. */
async function hasHeader(filename: string): Promise<boolean> {
  try {
    const file = await open(filename);
    try {
      return (await file.read(Buffer.alloc(1), 0, 1, 0)).bytesRead > 0;
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Writes the logs of every epoch into a CSV file, as Keras does: the columns are `epoch` and the names
 * of the first epoch's logs, sorted; a value that is missing is `NA`, an array `"[0.25, 0.5]"` with its
 * quotes. Each row is in the file when the epoch ends.
 *
 * @example new CSVLogger('training.csv', { append: true })
 */
export class CSVLogger extends Callback {
  readonly separator: string;
  readonly append: boolean;
  private names: readonly string[] | undefined;
  private needsHeader = true;

  /** @throws ConfigError for unknown options, and a separator of several characters */
  constructor(
    readonly filename: string,
    options: CSVLoggerOptions = {},
  ) {
    super();
    checkOptions('CSVLogger', options, ['separator', 'append']);
    this.separator = options.separator ?? ',';
    this.append = options.append ?? false;
    if (typeof filename !== 'string' || filename === '') {
      throw new ConfigError('CSVLogger: expected the name of a file.');
    }
    if ([...this.separator].length !== 1) {
      throw new ConfigError(
        `CSVLogger: separator: expected one character, got ${JSON.stringify(this.separator)}.`,
      );
    }
  }

  private line(fields: readonly string[]): string {
    const special = ['"', '\r', '\n', this.separator];
    const quoted = fields.map((text) =>
      special.some((char) => text.includes(char)) ? `"${text.replaceAll('"', '""')}"` : text,
    );
    return `${quoted.join(this.separator)}\r\n`;
  }

  override async onTrainBegin(): Promise<void> {
    if (this.append) this.needsHeader = !(await hasHeader(this.filename));
    else await writeFile(this.filename, '');
    this.names = undefined;
  }

  override async onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    let text = '';
    if (!this.names) {
      const names = Object.keys(logs).sort();
      const validated = names.some((name) => name.startsWith('val_'));
      // Validation may come in a later epoch.
      this.names = validated ? names : [...names, ...names.map((name) => `val_${name}`)];
      if (this.needsHeader) text = this.line(['epoch', ...this.names]);
    }
    const values = this.names.map((name) => (name in logs ? field(logs[name]) : 'NA'));
    await appendFile(this.filename, text + this.line([String(epoch), ...values]));
  }
}
