// Every fused update: what its slots and scalars may be, and naive double-precision code of it.

/** New weight and slots of one element. */
type Rule = (
  w: number,
  g: number,
  slots: readonly number[],
  scalars: readonly number[],
  t: number,
) => readonly [number, ...number[]];

export interface UpdateExample {
  readonly op: string;
  readonly title: string;
  /** Range of each slot's values. */
  readonly slots: readonly (readonly [number, number])[];
  readonly scalars: readonly number[];
  /** Updates done so far, where the op counts them. */
  readonly step?: number;
  readonly next: Rule;
}

const signed = [-1, 1] as const;
const positive = [0.5, 1.5] as const;

const rmsprop =
  (moving: boolean, centered: boolean): Rule =>
  (w, g, slots, [lr, rho, rest, momentum, epsilon]) => {
    const v = rho * slots[0] + rest * g ** 2;
    const a = centered ? rho * slots[slots.length - 1] + rest * g : 0;
    const step = (lr * g) / Math.sqrt(v - a ** 2 + epsilon);
    const m = moving ? momentum * slots[1] + step : step;
    return [w - m, v, ...(moving ? [m] : []), ...(centered ? [a] : [])];
  };

const adam =
  (amsgrad: boolean): Rule =>
  (w, g, [m, v, hat], [lr, beta1, beta2, epsilon, rate1, rate2], t) => {
    const mean = m + (g - m) * rate1;
    const square = v + (g ** 2 - v) * rate2;
    const largest = amsgrad ? Math.max(hat, square) : square;
    const alpha = (lr * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    const next = w - (mean * alpha) / (Math.sqrt(largest) + epsilon);
    return amsgrad ? [next, mean, square, largest] : [next, mean, square];
  };

const adamax: Rule = (w, g, [m, u], [lr, beta1, beta2, epsilon, rate1], t) => {
  const mean = m + (g - m) * rate1;
  const norm = Math.max(beta2 * u, Math.abs(g));
  return [w - (lr * mean) / ((1 - beta1 ** t) * (norm + epsilon)), mean, norm];
};

const nadam: Rule = (w, g, [m, v], [lr, beta1, beta2, epsilon, product], t) => {
  const u = (at: number) => beta1 * (1 - 0.5 * 0.96 ** at);
  const mean = beta1 * m + (1 - beta1) * g;
  const square = beta2 * v + (1 - beta2) * g ** 2;
  const ahead = (u(t + 1) * mean) / (1 - product * u(t + 1)) + ((1 - u(t)) * g) / (1 - product);
  return [w - (lr * ahead) / (Math.sqrt(square / (1 - beta2 ** t)) + epsilon), mean, square];
};

const scheduleFree: Rule = (w, g, [z, v], [lr, beta1, beta2, epsilon], t) => {
  const square = beta2 * v + (1 - beta2) * g ** 2;
  const momentum = z - (lr * g) / (Math.sqrt(square / (1 - beta2 ** t)) + epsilon);
  const before = (w - (1 - beta1) * momentum) / beta1;
  const mean = before + (momentum - before) / t;
  return [(1 - beta1) * momentum + beta1 * mean, momentum, square];
};

const ftrl: Rule = (w, g, [a, z], [lr, power, l1, l2, shrinkage, beta]) => {
  const sum = a + g ** 2;
  const linear = z + g + 2 * shrinkage * w - ((sum ** power - a ** power) / lr) * w;
  const clipped = Math.min(Math.max(linear, -l1), l1);
  return [(clipped - linear) / (sum ** power / lr + 2 * l2 + beta / lr), sum, linear];
};

const adamScalars = [0.01, 0.9, 0.999, 1e-7, 0.1, 0.001];
const rmspropScalars = [0.01, 0.9, 0.1, 0.8, 1e-3];

const forms = [
  ['rmsprop', false, false],
  ['rmspropMomentum', true, false],
  ['rmspropCentered', false, true],
  ['rmspropCenteredMomentum', true, true],
] as const;

export const updateExamples: readonly UpdateExample[] = [
  { op: 'sgd', title: 'plain', slots: [], scalars: [0.25], next: (w, g, _, [lr]) => [w - lr * g] },
  {
    op: 'momentum',
    title: 'plain',
    slots: [signed],
    scalars: [0.25, 0.9],
    next: (w, g, [m], [lr, mu]) => [w + mu * m - lr * g, mu * m - lr * g],
  },
  {
    op: 'nesterov',
    title: 'plain',
    slots: [signed],
    scalars: [0.25, 0.9],
    next: (w, g, [m], [lr, mu]) => [w + mu * (mu * m - lr * g) - lr * g, mu * m - lr * g],
  },
  {
    op: 'lion',
    title: 'plain',
    slots: [signed],
    scalars: [0.25, 0.9, 0.99],
    next: (w, g, [m], [lr, beta1, beta2]) => [
      w - lr * Math.sign(beta1 * m + (1 - beta1) * g),
      beta2 * m + (1 - beta2) * g,
    ],
  },
  ...forms.map(([op, moving, centered]) => ({
    op,
    title: 'plain',
    slots: [positive, ...(moving ? [signed] : []), ...(centered ? [[-0.3, 0.3] as const] : [])],
    scalars: rmspropScalars,
    next: rmsprop(moving, centered),
  })),
  {
    op: 'adagrad',
    title: 'plain',
    slots: [positive],
    scalars: [0.1, 1e-3],
    next: (w, g, [a], [lr, epsilon]) => [
      w - (lr * g) / Math.sqrt(a + g ** 2 + epsilon),
      a + g ** 2,
    ],
  },
  {
    op: 'adadelta',
    title: 'plain',
    slots: [positive, positive],
    scalars: [0.5, 0.95, 0.05, 1e-3],
    next: (w, g, [a, d], [lr, rho, rest, epsilon]) => {
      const mean = rho * a + rest * g ** 2;
      const delta = (-g * Math.sqrt(d + epsilon)) / Math.sqrt(mean + epsilon);
      return [w + lr * delta, mean, rho * d + rest * delta ** 2];
    },
  },
  ...[0.5, 0.7].map((power) => ({
    op: 'ftrl',
    title: `power ${power}`,
    slots: [positive, signed],
    scalars: [0.5, power, 0.1, 0.05, 0.02, 0.3],
    next: ftrl,
  })),
  ...[0, 1, 1000].map((step) => ({
    op: 'adam',
    title: `step ${step}`,
    slots: [signed, positive],
    scalars: adamScalars,
    step,
    next: adam(false),
  })),
  ...[0, 7].map((step) => ({
    op: 'amsgrad',
    title: `step ${step}`,
    slots: [signed, positive, positive],
    scalars: adamScalars,
    step,
    next: adam(true),
  })),
  ...[0, 7].map((step) => ({
    op: 'adamax',
    title: `step ${step}`,
    slots: [signed, positive],
    scalars: [0.01, 0.9, 0.999, 1e-3, 0.1],
    step,
    next: adamax,
  })),
  ...[0, 7].map((step) => ({
    op: 'nadam',
    title: `step ${step}`,
    slots: [signed, positive],
    scalars: [0.01, 0.9, 0.99, 1e-3, 0.3],
    step,
    next: nadam,
  })),
  ...[0, 7].map((step) => ({
    op: 'scheduleFree',
    title: `step ${step}`,
    slots: [signed, positive],
    scalars: [0.01, 0.9, 0.99, 1e-3],
    step,
    next: scheduleFree,
  })),
];
