// The kernels of a short-time Fourier transformation by convolution.
import { formatShape, type Shape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { toNamed } from '../util/options.js';
import { suggestion } from '../util/suggest.js';
import { Initializer, initializers } from './initializer.js';

/** Windows Σ (−1)ᵏ aₖ cos(2πki / (n − 1)), by their coefficients. */
const cosineWindows: Readonly<Record<string, readonly number[]>> = {
  boxcar: [1],
  hann: [0.5, 0.5],
  hamming: [0.54, 0.46],
  blackman: [0.42, 0.5, 0.08],
  nuttall: [0.3635819, 0.4891775, 0.1365995, 0.0106411],
  blackmanharris: [0.35875, 0.48829, 0.14128, 0.01168],
  flattop: [0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368],
};

const windowNames = [...Object.keys(cosineWindows), 'bartlett'];

/** The n values of a window as SciPy's `get_window` gives them; a periodic one is cut from n + 1. */
function windowValues(name: string, n: number, periodic: boolean): Float64Array {
  if (n === 1) return Float64Array.of(1);
  const last = periodic ? n : n - 1;
  if (name === 'bartlett') {
    return Float64Array.from({ length: n }, (_, i) => 1 - Math.abs((2 * i) / last - 1));
  }
  return Float64Array.from({ length: n }, (_, i) =>
    cosineWindows[name].reduce(
      (sum, a, k) => sum + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * i) / last),
      0,
    ),
  );
}

/** Options of `STFT`. */
export interface STFTOptions {
  /** The real or the imaginary part. Default 'real'. */
  readonly side?: 'real' | 'imag';
  /** A window by SciPy's name, its values, or null for none. Default 'hann'. */
  readonly window?: string | readonly number[] | null;
  /** Divide the window by its L2 norm, by its L1 norm, or not. Default 'density'. */
  readonly scaling?: 'density' | 'spectrum' | null;
  /** Whether the window is one period of a longer one. Default false. */
  readonly periodic?: boolean;
}

function checkChoice(
  name: string,
  given: string | null,
  choices: readonly (string | null)[],
): void {
  if (choices.includes(given)) return;
  throw new ConfigError(`STFT: ${name} must be one of ${choices.join(', ')}, got ${given}.`);
}

/**
 * Cosines or sines of the frequencies of a Fourier transformation, times a window, as a kernel
 * `[frameLength, 1, fftLength / 2 + 1]` of a one-dimensional convolution.
 */
export class STFT extends Initializer {
  readonly side: 'real' | 'imag';
  readonly window: string | readonly number[] | null;
  readonly scaling: 'density' | 'spectrum' | null;
  readonly periodic: boolean;
  /** `new STFT('imag', 'hamming', 'spectrum')` or all in one object. */
  constructor(
    side?: 'real' | 'imag' | STFTOptions,
    window?: STFTOptions['window'],
    scaling?: STFTOptions['scaling'],
    periodic?: boolean,
  ) {
    super();
    const given = toNamed<STFTOptions>(
      'STFT',
      [side, window, scaling, periodic],
      ['side', 'window', 'scaling', 'periodic'],
    );
    this.side = given.side ?? 'real';
    this.window = given.window === undefined ? 'hann' : given.window;
    this.scaling = given.scaling === undefined ? 'density' : given.scaling;
    this.periodic = given.periodic ?? false;
    checkChoice('side', this.side, ['real', 'imag']);
    checkChoice('scaling', this.scaling, ['density', 'spectrum', null]);
    if (typeof this.window === 'string' && !windowNames.includes(this.window)) {
      throw new ConfigError(
        `STFT: unknown window "${this.window}".${suggestion(this.window, windowNames)} Known: ${windowNames.join(', ')}.`,
      );
    }
  }

  /** Here null says something: no window, no scaling. */
  static override fromConfig(config: Record<string, unknown>): STFT {
    return new STFT(config as STFTOptions);
  }

  /** The window, divided by its norm. */
  private scaledWindow(n: number): ArrayLike<number> {
    if (this.window === null) return new Float64Array(n).fill(1);
    const values = Float64Array.from(
      typeof this.window === 'string' ? windowValues(this.window, n, this.periodic) : this.window,
    );
    if (values.length !== n) {
      throw new ShapeError(
        `STFT: a window of ${values.length} values does not fit frames of ${n}.`,
      );
    }
    if (this.scaling === null) return values;
    const norm =
      this.scaling === 'density'
        ? Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))
        : values.reduce((sum, v) => sum + Math.abs(v), 0);
    return values.map((v) => v / norm);
  }

  override call(shape: Shape): Tensor {
    if (shape.length !== 3) {
      throw new ShapeError(
        `STFT: expected the shape [frame length, 1, frequencies], got ${formatShape(shape)}.`,
      );
    }
    const [frame, , frequencies] = shape;
    const period = 2 * (frequencies - 1);
    const window = this.scaledWindow(frame);
    const wave = this.side === 'real' ? Math.cos : (x: number) => -Math.sin(x);
    const values = Float32Array.from({ length: frame * frequencies }, (_, at) => {
      const time = Math.floor(at / frequencies);
      // Whole periods are left out, so that the angle stays exact.
      const angle = (2 * Math.PI * ((time * (at % frequencies)) % period)) / period;
      return wave(angle) * window[time];
    });
    return tensor(values, { shape: [frame, 1, frequencies] });
  }
  override getConfig(): Record<string, unknown> {
    const { side, window, periodic, scaling } = this;
    return { side, window, periodic, scaling };
  }
}
initializers.add('STFT', STFT, ['STFTInitializer']);
