import { fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface MeasuredRelay {
  readonly url: string;
  readonly pid: number;
  /**
   * The memory of the process: `residentBytes` right now, `heldBytes` (heap and external) after a forced garbage
   * collection.
   */
  measure(): Promise<{ readonly residentBytes: number; readonly heldBytes: number }>;
}

// Collect repeatedly, to free what finalizers released.
const reportMemory = `
  process.on('message', async () => {
    const { rss } = process.memoryUsage();
    for (let round = 0; round < 3; round++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
    const { heapUsed, external } = process.memoryUsage();
    process.send({ residentBytes: rss, heldBytes: heapUsed + external });
  });`;

/** A relay in a child process that reports its memory usage. Killed after the test. */
export async function startMeasuredRelay(script: string, ...args: readonly string[]): Promise<MeasuredRelay> {
  const preload = `data:text/javascript,${encodeURIComponent(reportMemory)}`;
  const child = fork(script, ['--port=0', ...args], {
    execArgv: ['--expose-gc', '--import', preload],
    silent: true,
    env: { PATH: process.env.PATH },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // A full pipe would block a relay that logs.
  child.stderr?.resume();
  const url = await new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stdout?.on('data', (text: Buffer) => {
      printed += text.toString('utf8');
      const found = /answers on (http:\/\/[^\s,]+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => reject(new Error(`The relay ended. ${printed}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async measure() {
      const answer = once(child, 'message');
      child.send('measure');
      const [memory] = (await answer) as [{ residentBytes: number; heldBytes: number }];
      return memory;
    },
  };
}
