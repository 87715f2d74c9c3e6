// The table "What must hold", in its order.

import { fileRows } from './rows/files.js';
import { ownRows } from './rows/ours.js';
import { servingRows } from './rows/serving.js';
import { trainingRows } from './rows/training.js';
import { wholeProcessRows } from './rows/wholeProcess.js';

const order = [
  ...['tiny32', 'tiny256', 'mnist', 'large', 'latency', 'throughput', 'eventLoop'],
  ...['start', 'compile', 'memory', 'js', 'bits', 'flat', 'files'],
];

const all = [...trainingRows, ...servingRows, ...wholeProcessRows, ...ownRows, ...fileRows];

export const rows = order.map((id) => all.find((row) => row.id === id));
