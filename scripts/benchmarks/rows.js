// The table "What must hold", in its order.

import { bandwidthRows } from './rows/bandwidth.js';
import { fileRows } from './rows/files.js';
import { imageStream } from './rows/imageStream.js';
import { imageRows } from './rows/images.js';
import { ownRows } from './rows/ours.js';
import { servingRows } from './rows/serving.js';
import { trainingRows } from './rows/training.js';
import { wholeProcessRows } from './rows/wholeProcess.js';

const order = [
  ...['tiny32', 'tiny256', 'mnist', 'large', 'latency', 'throughput', 'eventLoop'],
  ...['start', 'compile', 'memory', 'js', 'bandwidth', 'bits', 'flat', 'files'],
  ...imageRows.map(({ id }) => id),
  'imageStream',
];

const all = [
  ...trainingRows,
  ...servingRows,
  ...wholeProcessRows,
  ...bandwidthRows,
  ...ownRows,
  ...fileRows,
  ...imageRows,
  imageStream,
];

export const rows = order.map((id) => all.find((row) => row.id === id));
