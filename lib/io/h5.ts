// The calling thread's side of the worker that reads and writes HDF5: one worker per file, which ends with it.
import { Worker } from 'node:worker_threads';
import { FormatError, NeuroneError } from '../util/errors.js';
import type { Answers, Entry, Failure, Found, Part, Request, Values } from './protocol.js';

type Reply = 'ready' | { readonly value: never } | { readonly failure: Failure };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** A hostile file may send the library round in circles; a sound one of any size is listed sooner. */
const listSeconds = 1.5;

/** What one worker is asked, one request after the other. */
class H5Worker {
  private readonly worker: Worker;
  private readonly ready: Promise<void>;
  private waiting: Waiting | undefined;

  /** @param path the user's file, for messages */
  constructor(private readonly path: string) {
    // As deep as lib/io/, in dist/chunks/ too.
    this.worker = new Worker(new URL('../io/worker/main.js', import.meta.url), {
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    this.worker.stdout.resume();
    this.worker.stderr.resume();
    this.worker.on('message', (reply: Reply) => this.settle(reply));
    this.worker.on('error', (error) => this.waiting?.reject(error));
    this.worker.on('exit', () => this.waiting?.reject(new Error('the worker has ended')));
    this.ready = new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    // Whoever asks first hears of it.
    this.ready.catch(() => {});
  }

  private settle(reply: Reply): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (reply === 'ready') waiting?.resolve(undefined as never);
    else if ('value' in reply) waiting?.resolve(reply.value);
    else waiting?.reject(this.errorOf(reply.failure));
  }

  private errorOf({ message, code }: Failure): Error {
    if (code === undefined) return new FormatError(`"${this.path}": ${message}.`);
    return Object.assign(new NeuroneError(`"${this.path}": ${message}.`), { code });
  }

  /** Asks, and waits for the answer; not longer than `seconds`. */
  async ask<R extends Request>(request: R, seconds?: number): Promise<Answers[R['op']]> {
    await this.ready;
    const answer = new Promise<Answers[R['op']]>((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.worker.postMessage(request);
    });
    if (seconds === undefined) return answer;
    const timer = setTimeout(() => {
      const { waiting } = this;
      this.waiting = undefined;
      waiting?.reject(new FormatError(`"${this.path}": its structure has no end.`));
    }, seconds * 1000);
    return answer.finally(() => clearTimeout(timer));
  }

  async end(): Promise<void> {
    this.waiting = undefined;
    await this.worker.terminate();
  }
}

/** An HDF5 file being read. */
export class H5Reader {
  private readonly worker: H5Worker;
  constructor(private readonly path: string) {
    this.worker = new H5Worker(path);
  }

  /** What is in it, once everything was checked. @throws FormatError if it is damaged. */
  open(part: Part): Promise<Found> {
    return this.worker.ask({ op: 'open', part }, listSeconds + part.bytes / 50e6);
  }

  /** The elements of data sets, in the order of `paths`. */
  async read(paths: readonly string[]): Promise<readonly Values[]> {
    const all: Values[] = [];
    for (const path of paths) all.push(...(await this.worker.ask({ op: 'read', paths: [path] })));
    return all;
  }

  end(): Promise<void> {
    return this.worker.end();
  }

  toString(): string {
    return this.path;
  }
}

/** Data sets this small are written many at a time. */
const smallBytes = 1 << 16;

/** An HDF5 file being written. */
export class H5Writer {
  private readonly worker: H5Worker;
  private batch: Entry[] = [];
  private bytes = 0;
  constructor(path: string) {
    this.worker = new H5Worker(path);
  }

  async create(path: string): Promise<void> {
    await this.worker.ask({ op: 'create', path });
  }

  /** Writes groups and data sets, in order. */
  async write(entries: Iterable<Entry>): Promise<void> {
    for (const entry of entries) {
      const bytes = entry.data?.values.byteLength ?? 0;
      this.batch.push(bytes > smallBytes ? await shared(entry) : entry);
      this.bytes += bytes;
      if (this.bytes > smallBytes) await this.flush();
    }
    await this.flush();
  }

  private async flush(): Promise<void> {
    const entries = this.batch;
    this.batch = [];
    this.bytes = 0;
    if (entries.length > 0) await this.worker.ask({ op: 'write', entries });
  }

  /** Ends the file; from here on it is on the disk. */
  async close(): Promise<void> {
    await this.worker.ask({ op: 'close' });
  }

  /** Puts texts and a file into a zip file. */
  async zip(request: Omit<Extract<Request, { op: 'zip' }>, 'op'>): Promise<void> {
    await this.worker.ask({ op: 'zip', ...request });
  }

  end(): Promise<void> {
    return this.worker.end();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Copied in pieces of a millisecond into memory that both threads see. */
const pieceLength = 1 << 20;

/** An entry whose values both threads see: copying them at once would block this one for long. */
async function shared(entry: Entry): Promise<Entry> {
  if (!entry.data) return entry;
  const { values } = entry.data;
  const Values = values.constructor as new (buffer: SharedArrayBuffer) => typeof values;
  const copy = new Values(new SharedArrayBuffer(values.byteLength));
  for (let at = 0; at < values.length; at += pieceLength) {
    copy.set(values.subarray(at, at + pieceLength), at);
    await turn();
  }
  return { ...entry, data: { ...entry.data, values: copy } };
}
