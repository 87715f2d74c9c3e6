// The Mersenne Twister as numpy's RandomState seeds and uses it, so that an order of files is Keras's.
import { setImmediate } from 'node:timers/promises';

const stateWords = 624;
const shiftWords = 397;
const swapsPerTurn = 2 ** 16;

/** MT19937: 32-bit numbers that follow from a seed. */
export class MersenneTwister {
  private readonly state = new Uint32Array(stateWords);
  private next = stateWords;

  /** @param seed taken modulo 2³² */
  constructor(seed: number) {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < stateWords; i++) {
      state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  private refill(): void {
    const { state } = this;
    for (let i = 0; i < stateWords; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % stateWords] & 0x7fffffff);
      state[i] = state[(i + shiftWords) % stateWords] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }

  /** A whole number of 0 … 2³² − 1. */
  uint32(): number {
    if (this.next === stateWords) this.refill();
    let y = this.state[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A whole number of 0 … `max`, each as likely. */
  upTo(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /**
   * Shuffles in place, as `numpy.random.RandomState(seed).shuffle` does; lets the event loop turn.
   */
  async shuffle<T>(items: T[] | (Int32Array & { [index: number]: T })): Promise<void> {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      const item = items[i];
      items[i] = items[j];
      items[j] = item;
      if (i % swapsPerTurn === 0) await setImmediate();
    }
  }

  /** The numbers 0 … n − 1, shuffled. */
  async order(n: number): Promise<Int32Array> {
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    await this.shuffle<number>(order);
    return order;
  }
}

/** The generator of one of many passes over the same data. */
export const generatorOf = (seed: number, pass: number): MersenneTwister =>
  new MersenneTwister((seed + Math.imul(pass, 0x9e3779b9)) >>> 0);
