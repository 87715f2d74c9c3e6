export {
  bits,
  dropout,
  normal,
  randint,
  setRandomSeed,
  truncatedNormal,
  uniform,
} from '../ops/random.js';
