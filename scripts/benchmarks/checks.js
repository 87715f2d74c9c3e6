// What a row must reach: a figure with its floor and goal from the table "What must hold".

import { ratios, spread } from './statistics.js';

const named = (series, name) => series.find((one) => one.name === name && one.values.length > 0);

/** A check; `values` are by round. `atMost` turns the sense of floor and goal. */
export function check(text, values, limits) {
  return { text, ...limits, ...(values?.length > 0 ? spread(values) : {}) };
}

/** `goal`, `floor` or `below`; undefined when there is no figure. */
export function verdict({ median, floor, goal, atMost = false }) {
  if (median === undefined) return undefined;
  const reaches = (limit) => (atMost ? median <= limit : median >= limit);
  if (goal !== undefined && reaches(goal)) return 'goal';
  return reaches(floor) ? 'floor' : 'below';
}

/** The peer with the best median. */
export function fastestPeer(series, ours, lowerIsBetter = false) {
  const peers = series.filter(({ name, values }) => name !== ours && values.length > 0);
  const score = ({ values }) => (lowerIsBetter ? -1 : 1) * spread(values).median;
  return peers.sort((a, b) => score(b) - score(a))[0];
}

/** Ours over the fastest peer, or over the peer named. */
export function ratioCheck(series, limits, { ours = 'neurone', peer } = {}) {
  const own = named(series, ours);
  const other = peer === undefined ? fastestPeer(series, ours) : named(series, peer);
  const values = own && other ? ratios(own.values, other.values) : undefined;
  return check(`× ${other?.title ?? peer ?? 'peer'}`, values, limits);
}

/** A figure of ours by itself; `figure(answerOrValue, round)` picks it. */
export function ownCheck(series, text, limits, figure = (value) => value) {
  const own = named(series, 'neurone');
  return check(text, own?.values.map(figure), limits);
}
