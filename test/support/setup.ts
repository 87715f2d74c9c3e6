// Runs before every test: what is random without a seed of its own repeats, also in a test run alone.
// NEURONE_TEST_SEED gives other numbers.
import { beforeEach } from 'vitest';
import { setRandomSeed } from '../../lib/ops/random.js';

beforeEach(() => setRandomSeed(Number(process.env.NEURONE_TEST_SEED ?? 1)));
