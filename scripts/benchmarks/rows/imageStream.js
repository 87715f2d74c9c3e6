// Folders of images: how free the event loop is while they stream, by themselves and into training.

import { check } from '../checks.js';
import { askNeurone } from '../wholeProcess.js';

/** One process a round. */
async function streamed(configuration, fit, context) {
  const one = { name: 'neurone', title: 'neurone', configuration, unit: 'images/s', values: [] };
  const answers = [];
  try {
    for (let round = 0; round < context.rounds; round++) {
      const request = { cmd: 'imageStream', fit, seconds: context.seconds };
      answers.push(await askNeurone(request, context));
      one.values.push(answers.at(-1).imagesPerSecond);
      context.progress(`${configuration}: ${one.values.at(-1).toPrecision(3)} images/s`);
    }
  } catch (error) {
    one.error = error.message;
  }
  return { ...one, answers };
}

/** What the event loop is late by, in ms. */
const late = ({ configuration, answers }) =>
  [
    ['p99', { floor: 5, atMost: true }],
    ['max', { floor: 20, atMost: true }],
  ].map(([figure, limits]) =>
    check(
      `${figure} late, ms, ${configuration}`,
      answers.map(({ eventLoop }) => eventLoop[figure]),
      limits,
    ),
  );

export const imageStream = {
  id: 'imageStream',
  title: 'JPEGs of 500×375 as batches of 32×224×224×3, and the event loop meanwhile',
  measure: async (context) => [
    await streamed('read alone', false, context),
    await streamed('by fit', true, context),
  ],
  checks: (series) => series.flatMap(late),
};
