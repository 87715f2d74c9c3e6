// Convolutional networks: training, prediction, memory, and the JS backend.

import { ownCheck, ratioCheck } from '../checks.js';
import { interleave } from '../interleave.js';
import { eachProcess, peakMemory } from '../wholeProcess.js';
import { workloads } from '../workloads.js';
import { latencyOf } from './serving.js';
import { speed } from './training.js';

function speedRow(id, title, names, limits) {
  return {
    id,
    title,
    measure: (context) => interleave(names, { ...speed, workload: workloads[id] }, context),
    checks: (series) => [ratioCheck(series, limits)],
  };
}

const trainingRow = (id, title, limits) =>
  speedRow(id, title, ['neurone', 'keras', 'torch', 'tfjs-node'], limits);

const latency = {
  id: 'cnnOne',
  title: 'one sample through the 28×28×1 network, p50',
  lowerIsBetter: true,
  measure: latencyOf(workloads.cnnOne),
  checks: (series) => [ratioCheck(series, { floor: 1, goal: 0.7, atMost: true })],
};

const memory = {
  id: 'resnet20Memory',
  title: 'peak resident memory of training ResNet-20',
  lowerIsBetter: true,
  measure: (context) =>
    eachProcess(
      ['neurone', 'tfjs-node', 'torch', 'keras'],
      { unit: 'GB', measure: peakMemory(workloads.resnet20, context.seconds) },
      context,
    ),
  checks: (series) => [ownCheck(series, 'GB', { floor: 0.35, atMost: true })],
};

const javascript = {
  id: 'cnnJs',
  title: 'JS backend alone, 28×28×1 network, Adam, batch 128',
  measure: (context) =>
    interleave(['neurone-js', 'tfjs-cpu'], { ...speed, workload: workloads.cnnShort }, context),
  checks: (series) => [ratioCheck(series, { floor: 2 }, { ours: 'neurone-js', peer: 'tfjs-cpu' })],
};

const servers = ['neurone', 'onnxruntime', 'keras', 'torch', 'tfjs-node'];

export const imageRows = [
  speedRow(
    'cnn',
    '28×28×1: conv 32 → pool → conv 64 → pool → dropout → 10, Adam, batch 128',
    ['neurone', 'keras', 'torch', 'jax', 'tfjs-node'],
    { floor: 1.5, goal: 2 },
  ),
  trainingRow('resnet20', 'ResNet-20, 32×32×3, SGD momentum, batch 128', {
    floor: 1.25,
    goal: 1.5,
  }),
  trainingRow('vgg', '4 × (conv, BatchNorm, relu), 32×32×3, SGD momentum, batch 64', {
    floor: 1.2,
    goal: 1.5,
  }),
  trainingRow('mobilenet', 'MobileNetV2 width 0.35, 96×96×3, SGD momentum, batch 32', {
    floor: 1.2,
    goal: 1.5,
  }),
  latency,
  speedRow(
    'cnnBatches',
    'the 28×28×1 network, predictions in batches of 256',
    [...servers, 'jax'],
    {
      floor: 1,
      goal: 1.3,
    },
  ),
  speedRow('resnet50One', 'ResNet50, 224×224×3, predictions one by one', servers, {
    floor: 1,
    goal: 1.2,
  }),
  speedRow('resnet50Batches', 'ResNet50, 224×224×3, predictions in batches of 32', servers, {
    floor: 1,
    goal: 1.2,
  }),
  memory,
  javascript,
];
