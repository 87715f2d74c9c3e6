// `neurone doctor`: what runs on this machine, and why not more.
import { doctor } from '../index.js';
import { type Command, exitCodes } from './command.js';

export const doctorCommand: Command = {
  summary: 'say which backend runs here, with which threads and BLAS kernel, or why not',
  help: `Says which backend runs on this machine: versions, instruction set, BLAS kernel, threads, and why
the native engine is not loaded if it is not. Ends with 1 if it is not or computes wrong results.

  --json    print the report as JSON
  --help    print this`,
  options: { json: { type: 'boolean' } },
  run: async ({ json }) => {
    const report = await doctor();
    console.log(json ? JSON.stringify(report, null, 2) : report.toString());
    return report.backend === 'native' ? exitCodes.ok : exitCodes.failed;
  },
};
