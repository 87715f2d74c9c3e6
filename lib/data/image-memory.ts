// Memory that images go through: the workers write into it, and the calling thread copies nothing. An
// ArrayBuffer for each image and each batch was what V8 had to collect 15 times a second, for 7 ms each.
import { gather, type Load, loadInto } from './image-worker.js';

type Request = Omit<Load, 'op' | 'into'>;

/** Images of one size on their way from a worker into a batch. Nobody else sees their memory. */
export class ImageMemory {
  private readonly free: SharedArrayBuffer[] = [];

  /** @param bytes of an image */
  constructor(readonly bytes: number) {}

  take(): SharedArrayBuffer {
    return this.free.pop() ?? new SharedArrayBuffer(this.bytes);
  }

  give(memory: SharedArrayBuffer): void {
    this.free.push(memory);
  }
}

/** The images that one pass has in memory. */
export class StagedImages {
  private readonly loads = new Map<SharedArrayBuffer, Promise<void>>();

  constructor(private readonly memory: ImageMemory) {}

  async load(request: Request): Promise<SharedArrayBuffer> {
    const image = this.memory.take();
    const load = loadInto(image, request);
    this.loads.set(image, load);
    try {
      await load;
    } catch (error) {
      this.done([image]);
      throw error;
    }
    return image;
  }

  /** They are in a batch now. */
  done(images: Iterable<SharedArrayBuffer>): void {
    for (const image of images) if (this.loads.delete(image)) this.memory.give(image);
  }

  /** The pass is over, though some may still be on their way. */
  end(): void {
    for (const [image, load] of this.loads) {
      const done = () => this.done([image]);
      load.then(done, done);
    }
  }
}

const poolBytes = 96 * 2 ** 20;
const poolBatches = 4;

/** Memory for a batch. */
interface Lendable {
  readonly memory: SharedArrayBuffer;
  /**
   * Another object for the same memory, which can go while the pool keeps the first; undefined if there is none.
   * V8 counts each as if its memory were new: one for each batch of 19 MB made it collect 1.5 times a second.
   */
  readonly lent: SharedArrayBuffer | undefined;
}

/** A batch in memory, and what says that it is done with; without that, nobody has to say so. */
export interface BatchInMemory {
  readonly memory: ArrayBufferLike;
  readonly takeBack: (() => void) | undefined;
}

/**
 * Memory for whole batches, which tensors lie in. It is used again once it is taken back, as `fit` does, or once
 * no tensor is left, which a finalizer tells: then what it was lent out as is unreachable. For that V8 must
 * collect, and may see no reason to: the pool is small, and batches beyond it are ordinary ArrayBuffers, which
 * make V8 collect.
 */
export class BatchMemory {
  private readonly free: Lendable[] = [];
  private readonly limit: number;
  private made = 0;
  private readonly unused = new FinalizationRegistry<SharedArrayBuffer>((memory) => {
    this.free.push({ memory, lent: undefined });
  });

  /** @param bytes of a batch */
  constructor(private readonly bytes: number) {
    this.limit = Math.min(poolBatches, Math.floor(poolBytes / bytes));
  }

  private take(): Lendable | undefined {
    if (this.free.length > 0 || this.made === this.limit) return this.free.pop();
    this.made++;
    return { memory: new SharedArrayBuffer(this.bytes), lent: undefined };
  }

  /** The images one behind the other. Nobody changes them as long as the result is in use. */
  async batchOf(images: readonly SharedArrayBuffer[]): Promise<BatchInMemory> {
    const taken = this.take();
    if (!taken) return { memory: await gather(images, undefined), takeBack: undefined };
    const { memory, lent = structuredClone(memory) } = taken;
    this.unused.register(lent, memory, lent);
    const takeBack = () => {
      if (this.unused.unregister(lent)) this.free.push({ memory, lent });
    };
    return { memory: await gather(images, lent), takeBack };
  }
}
