import { existsSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';

const addon = [
  'build/Release/neurone.node',
  `prebuilds/${process.platform}-${process.arch}/neurone.node`,
].find((path) => existsSync(new URL(path, import.meta.url)));

// CI tests the native backend even if it is not there, and fails: nothing is left out in silence.
const native = addon !== undefined || process.env.CI !== undefined;
if (!native)
  console.warn('native: the addon is not built, so its tests do not run; js alone does.');

// What has no backend runs once, in a project of its own.
const once = ['test/package.test.ts', 'test/catalogue.test.ts', 'test/cli/**', 'test/scripts/**'];

// One suite, every backend: a project per backend over the same files.
const project = (backend: string) => ({
  test: {
    name: backend,
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...once],
    env: { NEURONE_BACKEND: backend, NEURONE_VERIFY: '1' },
    setupFiles: 'test/support/setup.ts',
    pool: 'forks' as const,
    testTimeout: 60_000,
  },
});

const packaged = {
  test: {
    name: 'package',
    include: once.map((p) => p.replace('**', '**/*.test.ts')),
    testTimeout: 60_000,
  },
};

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default defineConfig({
  test: { projects: [...(native ? [project('native')] : []), project('js'), packaged] },
});
