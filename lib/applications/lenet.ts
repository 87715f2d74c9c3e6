// LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition").
import { Conv2D } from '../layers/convolution/index.js';
import { Dense } from '../layers/dense.js';
import { input } from '../layers/input.js';
import type { SymbolicShape } from '../layers/layer.js';
import { AveragePooling2D, MaxPooling2D } from '../layers/pooling/index.js';
import { Flatten } from '../layers/reshaping.js';
import { Model } from '../models/model.js';
import { checkOptions } from '../util/suggest.js';

export interface LeNet5Options {
  /** `[height, width, channels]`. Default [28, 28, 1]; the first convolution pads. */
  readonly inputShape?: SymbolicShape;
  /** Default 10. */
  readonly classes?: number;
  /** Of the convolutions and hidden layers: 'tanh' (default), as in the paper, or another. */
  readonly activation?: string;
  /** 'average' (default), as in the paper, or 'max'. */
  readonly pooling?: 'average' | 'max';
  readonly name?: string;
}

/** Two convolutions of 5×5 with pooling, and dense layers of 120, 84 and `classes`: 61,706 weights. */
export function LeNet5(options: LeNet5Options = {}): Model {
  checkOptions('LeNet5', options, ['inputShape', 'classes', 'activation', 'pooling', 'name']);
  const { inputShape = [28, 28, 1], classes = 10, activation = 'tanh' } = options;
  const { pooling = 'average', name = 'lenet5' } = options;
  const Pooling = pooling === 'max' ? MaxPooling2D : AveragePooling2D;
  const inputs = input(inputShape);
  let x = new Conv2D(6, 5, { activation, padding: 'same', name: 'c1' }).apply(inputs);
  x = new Pooling(2, { name: 's2' }).apply(x);
  x = new Conv2D(16, 5, { activation, name: 'c3' }).apply(x);
  x = new Pooling(2, { name: 's4' }).apply(x);
  x = new Flatten({ name: 'flatten' }).apply(x);
  x = new Dense(120, { activation, name: 'c5' }).apply(x);
  x = new Dense(84, { activation, name: 'f6' }).apply(x);
  const outputs = new Dense(classes, { activation: 'softmax', name: 'predictions' }).apply(x);
  return new Model({ inputs, outputs, name });
}
