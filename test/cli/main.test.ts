import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function neurone(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the command neurone', () => {
  it('lists its commands, and explains each', () => {
    const { status, stdout } = neurone('--help');
    expect(status).toBe(0);
    for (const [name] of stdout.matchAll(/^ {2}\w+/gm)) {
      const help = neurone(name.trim(), '--help');
      expect([help.status, help.stderr]).toEqual([0, '']);
      expect(help.stdout).toContain(`Usage: neurone ${name.trim()}`);
    }
    expect(stdout).toMatch(/ {2}demo .*\n {2}doctor /);
  });

  it('prints its version', () => {
    expect(neurone('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends with 2 and says what was meant after a mistake on the command line', () => {
    expect(neurone().status).toBe(2);
    const mistakes: readonly [string[], string][] = [
      [['dmeo'], 'unknown command "dmeo". Did you mean "demo"?'],
      [['demo', '--epoch', '3'], 'unknown option --epoch. Did you mean "--epochs"?'],
      [['demo', '--epochs', '0'], '--epochs: expected a whole number of at least 1, got "0".'],
      [['demo', '--epochs'], 'argument missing'],
      [['demo', 'fast'], "Unexpected argument 'fast'"],
    ];
    for (const [args, message] of mistakes) {
      const { status, stdout, stderr } = neurone(...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(message);
    }
  });
});
