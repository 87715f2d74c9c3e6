// The calling thread's side of the workers that read, decode, resize and write images. They are started when
// the first image is asked for, serve every data set, and do not keep the process alive.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ConfigError, FormatError, NeuroneError } from '../util/errors.js';

/** Pixels, row by row, each of 1 (grey), 3 (RGB) or 4 (RGBA) bytes. */
export interface Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** What to make of an image file. */
export interface Load {
  readonly op: 'load';
  readonly path: string;
  readonly channels: 1 | 3 | 4;
  /** `[height, width]`; as it is if undefined. */
  readonly size: readonly [number, number] | undefined;
  readonly interpolation: string;
  /** Of another shape than the target: stretched, cropped around the middle, or black around it. */
  readonly fit: 'stretch' | 'crop' | 'pad';
  /** Whose resizing: float32 as tf.image.resize, or bytes as Pillow's. */
  readonly like: 'tensorflow' | 'pillow';
  readonly channelsFirst: boolean;
  /** Where the pixels go; default: into memory of their own. */
  readonly into?: SharedArrayBuffer;
}

/** Puts images one behind the other: a copy that the calling thread has no time for. */
export interface Gather {
  readonly op: 'gather';
  readonly images: readonly SharedArrayBuffer[];
  /** Where they go; default: into memory of their own. */
  readonly into: SharedArrayBuffer | undefined;
}

export interface Save {
  readonly op: 'save';
  readonly path: string;
  readonly image: Image;
  readonly format: string;
  readonly quality: number | undefined;
}

export type ImageRequest = Load | Gather | Save;

/** An image, resized: values of 0 … 255. Without data if they went where they were wanted. */
export interface Loaded {
  readonly data: Uint8Array | Float32Array | undefined;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

type Answer = Loaded | ArrayBuffer | undefined;

interface Failure {
  readonly message: string;
  readonly code: string | undefined;
}

type Reply =
  | { readonly id: number; readonly value: Answer }
  | { readonly id: number; readonly failure: Failure };

interface Waiting {
  readonly resolve: (value: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly path: string | undefined;
}

/** sharp is not there, or does not run here: no matter of one image. */
export class NoSharpError extends ConfigError {}

function errorOf(path: string | undefined, { message, code }: Failure): Error {
  if (code === 'NO_SHARP') {
    return new NoSharpError(
      'Images need the npm package "sharp", which is not installed. Run `npm install sharp`.',
    );
  }
  if (path === undefined) return new NeuroneError(`images cannot be put together: ${message}`);
  const reason = message.split('\n')[0].replace(/\.$/, '');
  // A code of the system: the file cannot be opened or written.
  if (code !== undefined && /^E[A-Z]+$/.test(code)) {
    return Object.assign(new NeuroneError(`"${path}": ${reason}.`), { code });
  }
  return new FormatError(`"${path}" cannot be read as an image: ${reason}.`);
}

class ImageWorker {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;

  constructor() {
    // As deep as lib/data/, in dist/chunks/ too.
    this.worker = new Worker(new URL('../data/worker/main.js', import.meta.url), { execArgv: [] });
    this.worker.on('message', (reply: Reply) => this.settle(reply));
    this.worker.on('error', (error) => this.lose(error));
    this.worker.on('exit', () => this.lose(new NeuroneError('the thread that reads images ended')));
    this.worker.unref();
  }

  get busy(): number {
    return this.waiting.size;
  }

  private settle(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.busy === 0) this.worker.unref();
    if ('failure' in reply) waiting?.reject(errorOf(waiting.path, reply.failure));
    else waiting?.resolve(reply.value);
  }

  private lose(error: Error): void {
    const at = workers.indexOf(this);
    if (at >= 0) workers.splice(at, 1);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  ask(request: ImageRequest): Promise<Answer> {
    const id = this.nextId++;
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.waiting.set(id, {
        resolve,
        reject,
        path: request.op === 'gather' ? undefined : request.path,
      });
      this.worker.postMessage({ ...request, id });
    });
  }
}

const workers: ImageWorker[] = [];
const mostWorkers = Math.min(availableParallelism(), 4);

/** The worker that has least to do; a new one while all are busy. */
function freest(): ImageWorker {
  let best: ImageWorker | undefined;
  for (const worker of workers) if (!best || worker.busy < best.busy) best = worker;
  if (best && (best.busy === 0 || workers.length === mostWorkers)) return best;
  const worker = new ImageWorker();
  workers.push(worker);
  return worker;
}

/** Images under way at once: enough that no worker waits for the calling thread. */
export const imagesUnderWay = 4 * mostWorkers;

/** Reads, decodes and resizes. @throws FormatError for what is no image; NoSharpError without sharp */
export async function load(
  request: Omit<Load, 'op' | 'into'>,
): Promise<Loaded & { readonly data: Uint8Array | Float32Array }> {
  const loaded = await freest().ask({ op: 'load', ...request });
  return loaded as Loaded & { readonly data: Uint8Array | Float32Array };
}

/** The same into shared memory, as large as what it makes. */
export async function loadInto(into: SharedArrayBuffer, request: Omit<Load, 'op' | 'into'>) {
  await freest().ask({ op: 'load', ...request, into });
}

/** Images one behind the other, in `into` or else in memory of their own. */
export async function gather(
  images: readonly SharedArrayBuffer[],
  into: SharedArrayBuffer | undefined,
): Promise<ArrayBufferLike> {
  const whole = await freest().ask({ op: 'gather', images, into });
  return into ?? (whole as ArrayBuffer);
}

/** Encodes and writes. */
export async function save(request: Omit<Save, 'op'>): Promise<void> {
  await freest().ask({ op: 'save', ...request });
}
