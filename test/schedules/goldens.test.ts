// Schedules against what Keras 3 on TensorFlow computed (scripts/goldens/schedules.py), outside of
// programs and inside.
import { describe, expect, it } from 'vitest';
import { compile, evaluate, schedules, type Tensor, tensor } from '../../lib/index.js';
import {
  expectNumbers,
  type GoldenArray,
  type KerasObject,
  numbers,
  readGoldens,
} from '../support/golden.js';

interface ScheduleCase extends KerasObject {
  readonly steps: readonly number[];
  readonly rates: GoldenArray;
}

const load = ({ class_name, config }: KerasObject): schedules.LearningRateSchedule =>
  schedules.schedules.get(class_name).fromConfig({ ...config });

const int = (step: number): Tensor => tensor(step, { dtype: 'int32' });

const goldens = readGoldens<ScheduleCase>('schedules');

/** Half a cosine ends in a difference of nearly equal numbers. */
const tolerance = { relative: 2e-6, absolute: 1e-8 };

describe('schedules', () => {
  it.each(goldens)('$class_name $config', (golden) => {
    const schedule = load(golden);
    const rates = golden.steps.map((step) => schedule.call(int(step)));
    evaluate(...rates);
    const lazy = rates.map((rate) => rate.dataSync()[0]);
    expectNumbers('rates', lazy, numbers(golden.rates), tolerance);
    const traced = compile((step: Tensor) => schedule.call(step));
    const inProgram = golden.steps.map((step) => traced(int(step)).dataSync()[0]);
    expectNumbers('rates in a program', inProgram, numbers(golden.rates), tolerance);
  });

  it.each(goldens)('$class_name $config gives its config back', (golden) => {
    expect(load(golden).getConfig()).toEqual(golden.config);
  });

  it('are all covered', () => {
    const covered = new Set(goldens.map(({ class_name }) => class_name));
    expect(schedules.schedules.names.toSorted()).toEqual([...covered].toSorted());
  });
});
