import type { ChildProcess } from 'node:child_process';
import { endProcess, startNode } from './processes.ts';

/** The real relay in its own process, on one port and one storage for its whole life. */
export interface RelayProcess {
  readonly port: number;
  /** Additional flags apply to this start only. */
  start(...more: readonly string[]): Promise<void>;
  /** Stops it as an operator would: SIGTERM lets it drain. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Stops it (SIGSTOP): its port still accepts connections, and nothing answers on them. */
  freeze(): void;
  /** Continues it after `freeze`. */
  thaw(): void;
}

export function createRelayProcess(options: {
  readonly program: string;
  readonly port: number;
  /** As given on the command line. */
  readonly storage: string;
  readonly environment?: Readonly<Record<string, string>>;
}): RelayProcess {
  const { program, port, storage, environment } = options;
  let child: ChildProcess | undefined;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child) await endProcess(child, signal);
    child = undefined;
  }

  return {
    port,
    async start(...more) {
      if (child) return;
      const args = [program, '--port', String(port), '--storage', storage, ...more];
      child = await startNode(args, /answers on/, environment);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}
