import { defineConfig } from 'vitest/config';

// One suite, every backend: a project per backend over the same files.
const project = (backend: string) => ({
  test: {
    name: backend,
    include: ['test/**/*.test.ts'],
    env: { NEURONE_BACKEND: backend },
    pool: 'forks' as const,
    testTimeout: 60_000,
  },
});

export default defineConfig({ test: { projects: [project('native'), project('js')] } });
