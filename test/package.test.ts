// The built package as Node sees it: run against dist/, in processes of their own.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8' });
}

const runModule = (code: string): string =>
  run(process.execPath, '--input-type=module', '--eval', code);

const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  exports: Record<string, unknown>;
};
const entryPoints = Object.keys(exports)
  .filter((name) => name !== './package.json')
  .map((name) => `neurone${name.slice(1)}`);

describe('the package', () => {
  it.each(entryPoints)('%s is the same module for import and require', (name) => {
    const output = runModule(`
      import { createRequire } from 'node:module';
      import * as imported from '${name}';
      const required = createRequire(process.cwd() + '/')('${name}');
      const names = Object.keys(imported);
      const same = names.filter((n) => imported[n] === required[n]);
      console.log(JSON.stringify([names.length, same.length]));`);
    const [names, same] = JSON.parse(output) as [number, number];
    expect(names).toBeGreaterThan(0);
    expect(same).toBe(names);
  });

  it('has one class per name, whichever entry point it comes from', () => {
    const output = runModule(`
      import * as neurone from 'neurone';
      import { Dense } from 'neurone/layers';
      import { mnist } from 'neurone/data';
      const model = new neurone.Sequential([new Dense(2)]);
      console.log(neurone.layers.Dense === Dense, neurone.data.mnist === mnist,
        model.layers[0] instanceof neurone.layers.Layer);`);
    expect(output.trim()).toBe('true true true');
  });

  it('finds its assets from dist/, and tensors of a subpath alone have their methods', () => {
    const output = runModule(`
      import { digits } from 'neurone/data';
      const { train } = await digits();
      console.log(train.x.shape.join(), (await train.y.slice(0, 3).data()).join());`);
    expect(output.trim()).toBe('1500,8,8 0,1,2');
  });

  it('loads neither data readers nor the progress bar before they are needed', () => {
    const output = runModule(`
      import { createRequire } from 'node:module';
      import * as neurone from 'neurone';
      const bar = Object.keys(createRequire(import.meta.url).cache ?? {});
      const builtins = process.moduleLoadList.filter((m) => / (zlib|readline|http)$/.test(m));
      console.log(JSON.stringify([...bar, ...builtins]), typeof neurone.Sequential);`);
    expect(output.trim()).toBe('[] function');
  });

  it('reads images on its own threads, and says what to install where sharp is missing', () => {
    // A copy that has no sharp beside or above it.
    const folder = mkdtempSync(join(tmpdir(), 'no-sharp-'));
    try {
      for (const part of ['dist', 'package.json']) {
        cpSync(`${root}/${part}`, `${folder}/${part}`, { recursive: true });
      }
      writeFileSync(`${folder}/x.png`, '');
      const program = `
        const { loadImage, imageDatasetFromFiles } = await import('./dist/data/index.js');
        const say = (error) => console.log(error.name, error.message);
        await loadImage('x.png').catch(say);
        const data = await imageDatasetFromFiles(['x.png'], { onError: 'skip' });
        await (async () => { for await (const _ of data); })().catch(say);`;
      const args = ['--input-type=module', '--eval', program];
      const output = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
      const [first, second] = output.trim().split('\n');
      expect(first).toMatch(/"sharp", which is not installed\. Run `npm install sharp`\.$/);
      expect(second).toBe(first);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const { name } = JSON.parse(
      runModule(`
        import { writeFileSync, rmSync } from 'node:fs';
        import { loadImage } from 'neurone/data';
        writeFileSync('build/no-image.png', 'text');
        const { name } = await loadImage('build/no-image.png').catch((error) => error);
        rmSync('build/no-image.png');
        console.log(JSON.stringify({ name }));`),
    ) as { name: string };
    expect(name).toBe('FormatError');
  });

  it('packs what users need and nothing else', () => {
    const [{ files }] = JSON.parse(
      run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts'),
    ) as [{ files: { path: string }[] }];
    const paths = files.map((file) => file.path);
    for (const wanted of [
      'dist/index.js',
      'dist/cli/main.js',
      'dist/data/worker/main.js',
      'assets/digits/images-idx3-ubyte.gz',
      'assets/digits/LICENSE',
      'native/registry.cc',
      'CMakeLists.txt',
      'LICENSE',
      'README.md',
    ]) {
      expect(paths).toContain(wanted);
    }
    const tops = new Set(paths.map((path) => path.split('/')[0]));
    for (const top of ['test', 'node_modules', 'build', 'scripts', 'docs']) {
      expect(tops).not.toContain(top);
    }
  });
});
