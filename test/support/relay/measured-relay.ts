import { fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface MeasuredRelay {
  readonly url: string;
  readonly pid: number;
  /** What the process holds: `residentBytes` as it stands, `heldBytes` (heap and external) after a forced collection. */
  measure(): Promise<{ readonly residentBytes: number; readonly heldBytes: number }>;
}

// Collecting once more frees what finalizers of the first time let go.
const answering = `
  process.on('message', async () => {
    const { rss } = process.memoryUsage();
    for (let round = 0; round < 3; round++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
    const { heapUsed, external } = process.memoryUsage();
    process.send({ residentBytes: rss, heldBytes: heapUsed + external });
  });`;

/** A relay in a process of its own, which says how much memory it uses. Ended after the test. */
export async function startMeasuredRelay(script: string, ...args: readonly string[]): Promise<MeasuredRelay> {
  const preload = `data:text/javascript,${encodeURIComponent(answering)}`;
  const child = fork(script, ['--port=0', ...args], {
    execArgv: ['--expose-gc', '--import', preload],
    silent: true,
    env: { PATH: process.env.PATH },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // A pipe that nobody reads would hold up a relay that has something to log.
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
