export { digits } from './digits.js';
export type { Labelled, LabelledSplits } from './labelled.js';
export { type MnistOptions, mnist } from './mnist.js';
