// The calling thread's side of the worker that reads and writes HDF5: one worker per file, which ends with it.
import { Worker } from 'node:worker_threads';
import { FormatError, NeuroneError } from '../util/errors.js';
import type { Answers, Entry, Failure, Found, Part, Request, Values } from './protocol.js';

type Reply =
  | 'ready'
  | { readonly listed: number }
  | { readonly value: never }
  | { readonly failure: Failure };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A hostile file may send the library round in circles. A sound one comes along: each object that was listed
 * gives time for more, as a model of a thousand weights needs on a busy machine.
 */
const listSeconds = 1.5;
const objectSeconds = 0.05;

/** What one worker is asked, one request after the other. */
class H5Worker {
  private readonly worker: Worker;
  private readonly ready: Promise<void>;
  private waiting: Waiting | undefined;
  /** Gives the present answer more time, in seconds. */
  private extend: ((seconds: number) => void) | undefined;
  /** The user's file, for messages. */
  private path = '';
  /** Whether it has done all that it was asked, without having grown: then it serves the next file too. */
  private sound = true;
  private idle: NodeJS.Timeout | undefined;

  /** The worker that the last file left, or a new one. */
  static take(path: string): H5Worker {
    const worker = spare ?? new H5Worker();
    spare = undefined;
    worker.wake(path);
    return worker;
  }

  private constructor() {
    // As deep as lib/io/, in dist/chunks/ too.
    this.worker = new Worker(new URL('../io/worker/main.js', import.meta.url), {
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    this.worker.stdout.resume();
    this.worker.stderr.resume();
    this.worker.on('message', (reply: Reply) => this.settle(reply));
    this.worker.on('error', (error) => this.lose(error));
    this.worker.on('exit', () => this.lose(new Error('the worker has ended')));
    this.ready = new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    // Whoever asks first hears of it.
    this.ready.catch(() => {});
  }

  private settle(reply: Reply): void {
    if (reply !== 'ready' && 'listed' in reply) {
      this.extend?.(reply.listed * objectSeconds);
      return;
    }
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

  private lose(error: Error): void {
    this.sound = false;
    if (spare === this) spare = undefined;
    this.waiting?.reject(error);
  }

  private wake(path: string): void {
    this.path = path;
    clearTimeout(this.idle);
    this.worker.ref();
  }

  /** Asks, and waits for the answer; not longer than `seconds`. */
  async ask<R extends Request>(request: R, seconds?: number): Promise<Answers[R['op']]> {
    await this.ready;
    this.sound = this.sound && sizeOf(request) < keptBytes;
    const answer = new Promise<Answers[R['op']]>((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.worker.postMessage(request);
    });
    answer.catch(() => {
      this.sound = false;
    });
    if (seconds === undefined) return answer;
    const end = this.limit(seconds);
    return answer.finally(end);
  }

  /** Refuses the file after `seconds`, and those that it is given. Returns what ends this. */
  private limit(seconds: number): () => void {
    let until = performance.now() + seconds * 1000;
    const refuse = (): void => {
      const left = until - performance.now();
      if (left > 0) {
        timer = setTimeout(refuse, left);
        return;
      }
      const { waiting } = this;
      this.waiting = undefined;
      waiting?.reject(new FormatError(`"${this.path}": its structure has no end.`));
    };
    let timer = setTimeout(refuse, seconds * 1000);
    this.extend = (more) => {
      until += more * 1000;
    };
    return () => {
      this.extend = undefined;
      clearTimeout(timer);
    };
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.waiting = undefined;
    await this.worker.terminate();
  }

  /** Keeps it for a while for the next file, if all went well. */
  async keep(): Promise<void> {
    if (!this.sound || spare) return this.end();
    spare = this;
    this.worker.unref();
    this.idle = setTimeout(() => {
      if (spare === this) spare = undefined;
      this.end();
    }, keptSeconds * 1000).unref();
  }
}

/** Starting one takes as long as a small file; a callback may save one after each epoch. */
let spare: H5Worker | undefined;
const keptSeconds = 10;
/** WebAssembly's memory never shrinks: what held a large file is let go. */
const keptBytes = 1 << 25;

function sizeOf(request: Request): number {
  if (request.op !== 'write') return 0;
  return request.entries.reduce((n, { data }) => n + (data?.values.byteLength ?? 0), 0);
}

/** An HDF5 file being read. */
export class H5Reader {
  private readonly worker: H5Worker;
  constructor(private readonly path: string) {
    this.worker = H5Worker.take(path);
  }

  /**
   * What is in it, once everything was checked.
   *
   * @param seconds what it may take until objects are listed, which give more
   * @throws FormatError if it is damaged.
   */
  open(part: Part, seconds = listSeconds + part.bytes / 50e6): Promise<Found> {
    return this.worker.ask({ op: 'open', part }, seconds);
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
    this.worker = H5Worker.take(path);
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

  /** Ends the file; from here on it is on the disk if it is `lasting`. */
  async close(lasting: boolean): Promise<void> {
    await this.worker.ask({ op: 'close', lasting });
  }

  /** Puts texts and a file into a zip file. */
  async zip(request: Omit<Extract<Request, { op: 'zip' }>, 'op'>): Promise<void> {
    await this.worker.ask({ op: 'zip', ...request });
  }

  end(): Promise<void> {
    return this.worker.keep();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Copied in pieces of less than a millisecond into memory that both threads see. */
const pieceLength = 1 << 18;

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
