// RemoteMonitor: sends the logs of every epoch to a server.
import { checkOptions } from '../util/suggest.js';
import { Callback, type Logs, type LogValue } from './callback.js';
import { warn } from './messages.js';

export interface RemoteMonitorOptions {
  /** The server. Default `http://localhost:9000`. */
  readonly root?: string;
  /** What is appended to `root`. Default `/publish/epoch/end/`. */
  readonly path?: string;
  /** The form field that the JSON is sent in. Default `data`. */
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Whether the body is the JSON itself instead of a form. Default false. */
  readonly sendAsJson?: boolean;
}

/** A server that does not answer holds training up for no longer. */
const timeoutMs = 10_000;

/**
 * Posts `{ "epoch": …, "loss": …, … }` when an epoch ends, as a form with one field or as JSON. A
 * server that cannot be reached, or takes more than 10 s, is warned of; training goes on.
 */
export class RemoteMonitor extends Callback {
  private readonly url: string;
  private readonly options: RemoteMonitorOptions;

  /** @throws ConfigError for unknown options */
  constructor(options: RemoteMonitorOptions = {}) {
    super();
    checkOptions('RemoteMonitor', options, ['root', 'path', 'field', 'headers', 'sendAsJson']);
    const { root = 'http://localhost:9000', path = '/publish/epoch/end/' } = options;
    this.url = root + path;
    this.options = options;
  }

  override async onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    const { field = 'data', headers, sendAsJson = false } = this.options;
    const json = JSON.stringify({ epoch, ...logs });
    const type: Record<string, string> = sendAsJson ? { 'content-type': 'application/json' } : {};
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { ...type, ...headers },
        body: sendAsJson ? json : new URLSearchParams({ [field]: json }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.arrayBuffer();
    } catch (error) {
      warn(
        `RemoteMonitor: could not reach ${this.url} (${error instanceof Error ? error.message : String(error)}).`,
      );
    }
  }
}
