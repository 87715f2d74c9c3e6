// The progress of training: a bar on a terminal, a line per epoch elsewhere, nothing with verbose 0.
import type { Logs, LogValue } from '../callbacks/callback.js';
import { ConfigError } from '../util/errors.js';

/** Where progress is shown: standard error, or something like it. */
export type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Shows one pass after the other. */
export interface Progress {
  beginEpoch(epoch: number): void;
  /** `samples` of the epoch are done, if they were counted, in `steps` steps. */
  update(samples: number | undefined, logs: Logs<LogValue>, steps?: number): void;
  endEpoch(logs: Logs<LogValue>): void;
  end(): void;
}

export interface ProgressOptions {
  readonly epochs: number;
  /** Samples of one epoch, if known. */
  readonly samples: number | undefined;
  /** Steps of one epoch, if known: what the bar goes by when the samples are not known. */
  readonly steps?: number | undefined;
  /** 0 silent, 1 a bar, 2 a line per epoch, `auto`: a bar on a terminal and lines elsewhere. */
  readonly verbose: number | 'auto';
  /** What stands for the epoch in front of the line; default `Epoch 1/5`. */
  readonly title?: string;
  readonly stream?: Terminal;
}

const silent: Progress = { beginEpoch() {}, update() {}, endEpoch() {}, end() {} };

const digits = 4;

/** `loss: 0.2143 - accuracy: 0.9381` */
export const formatLogs = (logs: Logs<LogValue>): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name}: ${formatLog(value)}`)
    .join(' - ');

/** One value with four digits; of an array the mean, as in Keras. */
function formatLog(logged: LogValue): string {
  const values = [logged].flat();
  const value = values.reduce((sum, v) => sum + v, 0) / values.length;
  return value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(digits)
    : value.toFixed(digits);
}

/** `58.2k samples/s` */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '';
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)}M samples/s`;
  if (perSecond >= 1e3) return `${(perSecond / 1e3).toFixed(1)}k samples/s`;
  return `${perSecond.toFixed(0)} samples/s`;
}

/** What `samples` in so many seconds are, if they were counted. */
const rateOf = (samples: number | undefined, seconds: number): string =>
  samples === undefined ? '' : formatRate(samples / seconds);

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** One line per epoch, when it ends. */
function lines(options: ProgressOptions, stream: Terminal): Progress {
  let start = 0;
  let epoch = 0;
  let seen: number | undefined;
  return {
    beginEpoch(index) {
      epoch = index;
      start = performance.now();
      seen = undefined;
    },
    update(samples) {
      seen = samples;
    },
    endEpoch(logs) {
      const seconds = secondsSince(start);
      const title = options.title ?? `Epoch ${epoch + 1}/${options.epochs}`;
      const parts = [title, `${seconds.toFixed(1)}s`, rateOf(seen, seconds), formatLogs(logs)];
      stream.write(`${parts.filter((part) => part !== '').join(' - ')}\n`);
    },
    end() {},
  };
}

/** A bar that the line of the epoch replaces when it ends. */
async function bar(options: ProgressOptions, stream: Terminal): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const plain = lines(options, stream);
  const total = options.samples ?? options.steps;
  let current: InstanceType<typeof cliProgress.SingleBar> | undefined;
  let start = 0;
  const close = (): void => {
    current?.stop();
    current = undefined;
  };
  return {
    beginEpoch(epoch) {
      plain.beginEpoch(epoch);
      start = performance.now();
      const title = options.title ?? `Epoch ${epoch + 1}/${options.epochs}`;
      current = new cliProgress.SingleBar({
        format: `${title} {bar} {percentage}% | ETA {left} | {rate} | {logs}`,
        stream,
        clearOnComplete: true,
        hideCursor: true,
        barsize: 20,
        fps: 10,
        barCompleteChar: '━',
        barIncompleteChar: '─',
      });
      current.start(total ?? 1, 0, { rate: '', logs: '', left: '…' });
    },
    update(samples, logs, steps = 0) {
      plain.update(samples, logs);
      const seconds = secondsSince(start);
      const done = options.samples === undefined ? steps : (samples ?? 0);
      const left = total ? `${(((total - done) / done) * seconds).toFixed(0)}s` : '?';
      const rate = rateOf(samples, seconds);
      current?.update(done, { rate, logs: formatLogs(logs), left });
    },
    endEpoch(logs) {
      close();
      plain.endEpoch(logs);
    },
    end: close,
  };
}

/** The progress that `verbose` asks for. */
export async function makeProgress(options: ProgressOptions): Promise<Progress> {
  const stream = options.stream ?? process.stderr;
  const verbose = options.verbose === 'auto' ? (stream.isTTY ? 1 : 2) : options.verbose;
  if (![0, 1, 2].includes(verbose)) {
    throw new ConfigError(`verbose: expected 0, 1, 2 or "auto", got ${JSON.stringify(verbose)}.`);
  }
  if (verbose === 0) return silent;
  return verbose === 1 && stream.isTTY ? bar(options, stream) : lines(options, stream);
}
