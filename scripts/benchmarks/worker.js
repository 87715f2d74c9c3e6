// The measuring program's side of the protocol: a contestant's process, spoken to in JSON lines.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const STDERR_KEPT = 2_000;
const ANSWER_MS = 300_000;

/** Variables that change how libraries use the processor: nobody inherits them. */
const STRIPPED =
  /^(OPENBLAS|GOTO|OMP|MKL|KMP|GOMP|NVPL|XLA|TF|KERAS|JAX|NEURONE|NODE_OPTIONS|NPROC)/;

function environment(added) {
  const inherited = Object.entries(process.env).filter(([name]) => !STRIPPED.test(name));
  return { ...Object.fromEntries(inherited), CUDA_VISIBLE_DEVICES: '', ...added };
}

export class Worker {
  #child;
  #answers;
  #stderr = '';

  /** `launch` is `{ command, args, env }`, see `contestants.js`. */
  constructor({ command, args, env }) {
    this.#child = spawn(command, args, { env: environment(env), stdio: 'pipe' });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stdin.on('error', () => {}); // it died: the missing answer says so
    this.#child.stderr.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-STDERR_KEPT);
    });
    this.exit = new Promise((resolve) => {
      this.#child.on('error', ({ message }) => {
        this.#stderr += message;
        resolve();
      });
      this.#child.on('close', resolve);
    });
  }

  /** The answer to one command; rejects with what the contestant said last when it has none. */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_MS);
    const { value, done } = await this.#answers.next();
    clearTimeout(timer);
    if (done) {
      await this.exit;
      throw new Error(lastLine(this.#stderr) ?? 'ended without an answer');
    }
    const answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async quit() {
    this.#child.stdin.end(`${JSON.stringify({ cmd: 'quit' })}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.exit;
    clearTimeout(timer);
  }
}

/** The line of a stack trace that says what happened, without this machine's folders. */
function lastLine(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((one) => /^\s*\w*(Error|Exception)\b/.test(one)) ?? lines.at(-1);
  return line?.trim().replaceAll(/(file:\/\/)?(\/[\w.@-]+)+\/(?=[\w.@-]+)/g, '');
}

/** Starts a contestant for as long as `action` lasts. */
export async function withWorker(launch, action) {
  const worker = new Worker(launch);
  try {
    return await action(worker);
  } finally {
    await worker.quit();
  }
}
