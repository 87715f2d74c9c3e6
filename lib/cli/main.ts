#!/usr/bin/env node
// The command `neurone`: finds the subcommand, reads its arguments, turns errors into exit codes.
import { createRequire } from 'node:module';
import { NeuroneError } from '../index.js';
import { suggestion } from '../util/suggest.js';
import { type Command, exitCodes, readValues, UsageError } from './command.js';

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./demo.js')).demo,
  doctor: async () => (await import('./doctor.js')).doctorCommand,
};

async function overview(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(commands).map(
      async ([name, load]) => `  ${name.padEnd(10)}${(await load()).summary}`,
    ),
  );
  return `Usage: neurone <command> [options]\n\n${lines.join('\n')}\n\nneurone <command> --help tells more; neurone --version prints the version.`;
}

function version(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await overview());
    return name === undefined ? exitCodes.usage : exitCodes.ok;
  }
  if (name === '--version') {
    console.log(version());
    return exitCodes.ok;
  }
  if (!Object.hasOwn(commands, name)) {
    throw new UsageError(
      `unknown command "${name}".${suggestion(name, Object.keys(commands))} neurone --help lists them.`,
    );
  }
  const command = await commands[name]();
  const values = readValues(args, command.options);
  if (values.help) {
    console.log(`Usage: neurone ${name} [options]\n\n${command.help}`);
    return exitCodes.ok;
  }
  return command.run(values);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof NeuroneError)) throw error;
  console.error(`neurone: ${error.message}`);
  process.exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
