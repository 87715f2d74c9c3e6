// Calibration and rounds: every contestant is a live process, and they take turns.

import { setTimeout as pause } from 'node:timers/promises';
import { describe, entries } from './contestants.js';
import { Worker } from './worker.js';

/** Threads that spin after a run have gone to sleep by then. */
const QUIET_MS = 50;

const CALIBRATION_SECONDS = 1.5;

/** Starts one entry, makes it ready and takes a first figure. */
async function start(entry, { workload, request, score, seconds }) {
  const worker = new Worker(entry.launch);
  const configuration = describe(entry);
  try {
    if (workload !== undefined) await worker.ask({ cmd: 'prepare', workload });
    const calibration = { ...request, seconds: Math.min(seconds, CALIBRATION_SECONDS) };
    return { ...entry, configuration, worker, score: score(await worker.ask(calibration)) };
  } catch (error) {
    await worker.quit();
    return { ...entry, configuration, error: error.message, score: Number.NEGATIVE_INFINITY };
  }
}

/** The best variant and thread count of a contestant, alive; the others have ended. */
async function bestOf(list, options, progress) {
  const tried = {};
  let best;
  for (const entry of list) {
    const candidate = await start(entry, options);
    const { configuration, score, error } = candidate;
    tried[configuration] = error ?? score;
    progress(`${entry.name} (${configuration}): ${error ?? score.toPrecision(4)}`);
    const worse = best === undefined || score > best.score ? best : candidate;
    best = worse === candidate ? best : candidate;
    await worse?.worker?.quit();
    await pause(QUIET_MS);
  }
  return { ...best, tried };
}

/** A contestant ready for its rounds, or with the `error` that keeps it out. */
async function enter({ name, threads, variant, ...settings }, options, context) {
  const merged = { seconds: context.seconds, ...options, ...settings };
  const { list, reason } = entries(name, context, { threads, variant });
  const found = list === undefined ? reason : await bestOf(list, merged, context.progress);
  return { ...found, unit: merged.unit, values: [], answers: [], settings: merged };
}

async function oneRound(series) {
  for (const one of series) {
    if (one.error !== undefined) continue;
    const { request, value, seconds } = one.settings;
    try {
      const answer = await one.worker.ask({ ...request, seconds });
      one.answers.push(answer);
      one.values.push(value(answer));
    } catch (error) {
      one.error = error.message;
    }
    await pause(QUIET_MS);
  }
}

/**
 * Measures contestants round by round: names, or `{ name, threads?, variant?, …options of its own }`. Options are
 * `{ workload, request, unit, score, value, seconds? }`: `score(answer)` is what calibration compares,
 * higher being better, `value(answer)` one round's figure. Gives one series per contestant.
 */
export async function interleave(contestants, options, context) {
  const series = [];
  try {
    for (const contestant of contestants) {
      const own = typeof contestant === 'string' ? { name: contestant } : contestant;
      series.push(await enter(own, options, context));
    }
    for (let round = 0; round < context.rounds; round++) await oneRound(series);
  } finally {
    await Promise.all(series.map(({ worker }) => worker?.quit()));
  }
  return series.map(({ worker: _worker, launch: _launch, settings: _settings, ...rest }) => rest);
}
