// SwapEMAWeights: evaluates a model with the moving averages of its weights.
import type { Variable } from '../graph/variable.js';
import { StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback } from './callback.js';
import { optimizersOf } from './learningRate.js';

/** An optimizer that keeps a moving average of each weight. */
interface Averaging {
  readonly useEma: boolean;
  /** The weights that it has averages of; none before the first update. */
  readonly built: readonly Variable[];
  averageOf(variable: Variable): Variable;
}

const averages = (optimizer: object): optimizer is Averaging =>
  'useEma' in optimizer && optimizer.useEma === true;

/**
 * Puts the moving averages that an optimizer with `useEma` keeps into the model while it is evaluated
 * and while it predicts, and the weights back after that.
 *
 * @example
 * model.compile({ optimizer: new SGD(0.1, { useEma: true }), loss: 'mse' });
 * await model.fit(x, y, { validationSplit: 0.1, callbacks: [new SwapEMAWeights()] });
 */
export class SwapEMAWeights extends Callback {
  readonly swapOnEpoch: boolean;
  private averagesInModel = false;

  /**
   * @param options `swapOnEpoch`: swap at the end of each epoch and back at the beginning of the next
   *   too, for callbacks behind this one such as ModelCheckpoint. Default false.
   */
  constructor(options: { readonly swapOnEpoch?: boolean } = {}) {
    super();
    checkOptions('SwapEMAWeights', options, ['swapOnEpoch']);
    this.swapOnEpoch = options.swapOnEpoch ?? false;
  }

  /** Calls `fn` for each weight that has an average. */
  private eachPair(fn: (weight: Variable, average: Variable) => void): void {
    const averaging = optimizersOf(this.model.optimizer)
      .map(({ optimizer }): object => optimizer)
      .filter(averages);
    if (averaging.length === 0) {
      throw new StateError(
        'SwapEMAWeights: the optimizer keeps no averages. Make it with useEma: true.',
      );
    }
    for (const optimizer of averaging) {
      for (const weight of optimizer.built) fn(weight, optimizer.averageOf(weight));
    }
  }

  /** Swaps weights and averages, if the model does not hold what it should. */
  private hold(averagesInModel: boolean): void {
    if (this.averagesInModel === averagesInModel) return;
    this.eachPair((weight, average) => {
      const value = weight.value;
      weight.assign(average.value);
      average.assign(value);
    });
    this.averagesInModel = averagesInModel;
  }

  override onEpochBegin(): void {
    if (this.swapOnEpoch) this.hold(false);
  }
  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch) return;
    this.hold(true);
    // The end of fit puts the averages into the model, so they must be averages again by then.
    const last = epoch === this.params.epochs - 1;
    if (last) this.eachPair((weight, average) => average.assign(weight.value));
  }
  override onTestBegin(): void {
    this.hold(true);
  }
  override onTestEnd(): void {
    this.hold(false);
  }
  override onPredictBegin(): void {
    this.hold(true);
  }
  override onPredictEnd(): void {
    this.hold(false);
  }
}
