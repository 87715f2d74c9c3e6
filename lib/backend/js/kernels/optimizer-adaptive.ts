// Updates that divide the gradient by the root of what its squares came to.
import type { DataArray } from '../../../tensor/dtype.js';
import type { Kernel } from '../kernel.js';
import { type Arrays, updateKernel } from './optimizer.js';

interface RmspropForm {
  readonly moving: boolean;
  readonly centered: boolean;
}

/** Slot arrays that a form of RMSprop lacks are those of v, which it then leaves alone. */
function rmspropSlots(slots: readonly DataArray[], { moving, centered }: RmspropForm) {
  return {
    v: slots[0],
    m: slots[moving ? 1 : 0],
    a: slots[centered ? slots.length - 1 : 0],
  };
}

const rmspropKernel = (form: RmspropForm): Kernel => {
  const { moving, centered } = form;
  const operands = { slots: 1 + Number(moving) + Number(centered), scalars: 5 };
  return updateKernel(operands, () => (arrays, [rate, rho, rest, mu, epsilon]) => {
    const { w, g, nextW, n } = arrays;
    const { v, m, a } = rmspropSlots(arrays.slots, form);
    const next = rmspropSlots(arrays.nextSlots, form);
    for (let i = 0; i < n; i++) {
      const velocity = rho * v[i] + rest * g[i] * g[i];
      const mean = centered ? rho * a[i] + rest * g[i] : 0;
      const step = (rate * g[i]) / Math.sqrt(velocity - mean * mean + epsilon);
      const change = moving ? mu * m[i] + step : step;
      nextW[i] = w[i] - change;
      next.v[i] = velocity;
      if (moving) next.m[i] = change;
      if (centered) next.a[i] = mean;
    }
  });
};

const adagrad = updateKernel({ slots: 1, scalars: 2 }, () => (arrays, [rate, epsilon]) => {
  const { w, g, nextW, n } = arrays;
  const [a] = arrays.slots;
  const [nextA] = arrays.nextSlots;
  for (let i = 0; i < n; i++) {
    const sum = a[i] + g[i] * g[i];
    nextW[i] = w[i] - (rate * g[i]) / Math.sqrt(sum + epsilon);
    nextA[i] = sum;
  }
});

const adadelta = updateKernel({ slots: 2, scalars: 4 }, () => (arrays, scalars) => {
  const [rate, rho, rest, epsilon] = scalars;
  const { w, g, nextW, n } = arrays;
  const [a, d] = arrays.slots;
  const [nextA, nextD] = arrays.nextSlots;
  for (let i = 0; i < n; i++) {
    const mean = rho * a[i] + rest * g[i] * g[i];
    const delta = -(Math.sqrt(d[i] + epsilon) * g[i]) / Math.sqrt(mean + epsilon);
    nextA[i] = mean;
    nextD[i] = rho * d[i] + rest * delta * delta;
    nextW[i] = w[i] + rate * delta;
  }
});

function ftrlLoop(arrays: Arrays, scalars: readonly number[]): void {
  const [rate, power, l1, l2, shrinkage, beta] = scalars;
  const { w, g, nextW, n } = arrays;
  const [a, z] = arrays.slots;
  const [nextA, nextZ] = arrays.nextSlots;
  const ridge = 2 * (l2 + beta / (2 * rate));
  for (let i = 0; i < n; i++) {
    const sum = a[i] + g[i] * g[i];
    const raised = sum ** power;
    const grown = (raised - a[i] ** power) / rate;
    const linear = z[i] + (g[i] + 2 * shrinkage * w[i] - grown * w[i]);
    const clipped = Math.max(-l1, Math.min(l1, linear));
    nextW[i] = (clipped - linear) / (raised / rate + ridge);
    nextA[i] = sum;
    nextZ[i] = linear;
  }
}

export const adaptiveKernels: Record<string, Kernel> = {
  rmsprop: rmspropKernel({ moving: false, centered: false }),
  rmspropMomentum: rmspropKernel({ moving: true, centered: false }),
  rmspropCentered: rmspropKernel({ moving: false, centered: true }),
  rmspropCenteredMomentum: rmspropKernel({ moving: true, centered: true }),
  adagrad,
  adadelta,
  ftrl: updateKernel({ slots: 2, scalars: 6 }, () => ftrlLoop),
};
