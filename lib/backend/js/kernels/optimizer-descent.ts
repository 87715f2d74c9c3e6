// Updates that step along the gradient, its running mean, or the sign of that.
import type { Kernel } from '../kernel.js';
import { updateKernel } from './optimizer.js';

const sgd = updateKernel({ slots: 0, scalars: 1 }, () => ({ w, g, nextW, n }, [rate]) => {
  for (let i = 0; i < n; i++) nextW[i] = w[i] - rate * g[i];
});

const momentumKernel = (nesterov: boolean): Kernel =>
  updateKernel({ slots: 1, scalars: 2 }, () => (arrays, [rate, mu]) => {
    const { w, g, nextW, n } = arrays;
    const [m] = arrays.slots;
    const [nextM] = arrays.nextSlots;
    for (let i = 0; i < n; i++) {
      const step = rate * g[i];
      const velocity = mu * m[i] - step;
      nextM[i] = velocity;
      nextW[i] = w[i] + (nesterov ? mu * velocity - step : velocity);
    }
  });

const lion = updateKernel({ slots: 1, scalars: 3 }, () => (arrays, [rate, beta1, beta2]) => {
  const { w, g, nextW, n } = arrays;
  const [m] = arrays.slots;
  const [nextM] = arrays.nextSlots;
  for (let i = 0; i < n; i++) {
    const direction = m[i] * beta1 + g[i] * (1 - beta1);
    nextM[i] = m[i] * beta2 + g[i] * (1 - beta2);
    nextW[i] = w[i] - rate * Math.sign(direction);
  }
});

export const descentKernels: Record<string, Kernel> = {
  sgd,
  momentum: momentumKernel(false),
  nesterov: momentumKernel(true),
  lion,
};
