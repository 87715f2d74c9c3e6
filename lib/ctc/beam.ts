// The search for the likeliest rows of labels of one row of frames: prefixes in a tree, of which the best stay.
import { DataError } from '../util/errors.js';

export interface BeamSearch {
  readonly classes: number;
  /** The class that stands for no label. */
  readonly blank: number;
  readonly beamWidth: number;
  readonly topPaths: number;
}

export interface Path {
  readonly labels: readonly number[];
  /** Its log-likelihood. */
  readonly score: number;
}

/** Log-likelihoods of a prefix: of its alignments that end with no label, with its last label, and both. */
interface Odds {
  blank: number;
  label: number;
  total: number;
}

const none = (): Odds => ({ blank: -Infinity, label: -Infinity, total: -Infinity });

/** A prefix, one label longer than its parent. */
class Prefix {
  /** After the frame before, and after the present one. */
  old = none();
  now = none();
  private readonly children = new Map<number, Prefix>();

  constructor(
    readonly label: number,
    readonly parent: Prefix | undefined,
  ) {}

  /** Whether it is one of those that are kept. */
  get isActive(): boolean {
    return this.now.total !== -Infinity;
  }

  child(label: number): Prefix {
    const known = this.children.get(label);
    if (known) return known;
    const made = new Prefix(label, this);
    this.children.set(label, made);
    return made;
  }

  /** What a further `label` can follow: a label that is the last one again needs a pause between. */
  before(label: number): number {
    return label === this.label ? this.old.blank : this.old.total;
  }

  get labels(): number[] {
    const labels: number[] = [];
    for (let at: Prefix = this; at.parent; at = at.parent) labels.unshift(at.label);
    return labels;
  }
}

function logAdd(a: number, b: number): number {
  const [large, small] = a > b ? [a, b] : [b, a];
  return small === -Infinity ? large : large + Math.log1p(Math.exp(small - large));
}

/** The prefixes that are kept: at most `width`, the worst at hand. */
class Beam {
  readonly prefixes: Prefix[] = [];

  constructor(private readonly width: number) {}

  private get worst(): number {
    const { prefixes } = this;
    let worst = 0;
    for (let i = 1; i < prefixes.length; i++) {
      if (prefixes[i].now.total < prefixes[worst].now.total) worst = i;
    }
    return worst;
  }

  /** Whether something so likely has a place. */
  takes(total: number): boolean {
    if (total === -Infinity) return false;
    return this.prefixes.length < this.width || total > this.prefixes[this.worst].now.total;
  }

  /** Keeps a prefix, in the place of the worst if there is no other. */
  add(prefix: Prefix): void {
    if (this.prefixes.length < this.width) {
      this.prefixes.push(prefix);
      return;
    }
    const { worst } = this;
    this.prefixes[worst].now = none();
    this.prefixes[worst] = prefix;
  }
}

/** What a further frame makes of the prefixes that are kept. */
function stepBeam(
  before: readonly Prefix[],
  odds: (label: number) => number,
  search: BeamSearch,
): Beam {
  const beam = new Beam(search.beamWidth);
  for (const prefix of before) prefix.old = prefix.now;
  const stay = (prefix: Prefix): void => {
    const { parent, label, old } = prefix;
    let again = old.label;
    if (parent?.isActive) again = logAdd(again, parent.before(label));
    const ofLabel = parent ? again + odds(label) : -Infinity;
    const ofBlank = old.total + odds(search.blank);
    prefix.now = { label: ofLabel, blank: ofBlank, total: logAdd(ofBlank, ofLabel) };
    beam.add(prefix);
  };
  for (const prefix of before) stay(prefix);
  for (const prefix of before.toSorted((a, b) => b.old.total - a.old.total)) {
    if (!beam.takes(prefix.old.total)) continue;
    for (let label = 0; label < search.classes; label++) {
      if (label === search.blank) continue;
      const child = prefix.child(label);
      if (child.isActive) continue;
      const ofLabel = odds(label) + prefix.before(label);
      if (!beam.takes(ofLabel)) continue;
      child.now = { label: ofLabel, blank: -Infinity, total: ofLabel };
      beam.add(child);
    }
  }
  return beam;
}

/**
 * The likeliest rows of labels, the best first.
 *
 * @param logits `[frames, classes]` of one row
 * @throws DataError if fewer rows than `topPaths` are possible
 */
export function searchBeams(logits: ArrayLike<number>, search: BeamSearch): readonly Path[] {
  const { classes, topPaths } = search;
  const root = new Prefix(-1, undefined);
  root.now = { blank: 0, label: -Infinity, total: 0 };
  let prefixes: readonly Prefix[] = [root];
  for (let from = 0; from < logits.length; from += classes) {
    let largest = -Infinity;
    for (let i = 0; i < classes; i++) largest = Math.max(largest, logits[from + i]);
    let sum = 0;
    for (let i = 0; i < classes; i++) sum += Math.exp(logits[from + i] - largest);
    const norm = largest + Math.log(sum);
    prefixes = stepBeam(prefixes, (label) => logits[from + label] - norm, search).prefixes;
  }
  if (prefixes.length < topPaths) {
    throw new DataError(
      `ctcDecode: ${prefixes.length} row${prefixes.length === 1 ? ' of labels is' : 's of labels are'} possible, fewer than the ${topPaths} of topPaths.`,
    );
  }
  return prefixes
    .toSorted((a, b) => b.now.total - a.now.total)
    .slice(0, topPaths)
    .map((prefix) => ({ labels: prefix.labels, score: prefix.now.total }));
}
