import type { ChildProcess } from 'node:child_process';
import { endProcess, startNode } from './processes.ts';

/** The real relay in a process of its own, on one port and one storage for as long as it lives. */
export interface RelayProcess {
  readonly port: number;
  /** With more of its command line, which the next start has to give again. */
  start(...more: readonly string[]): Promise<void>;
  /** As an operator ends it: with SIGTERM, drained. */
  stop(): Promise<void>;
  /** As a crash ends it. */
  kill(): Promise<void>;
}

export function createRelayProcess(options: {
  readonly program: string;
  readonly port: number;
  /** As the command line takes it. */
  readonly storage: string;
}): RelayProcess {
  const { program, port, storage } = options;
  let child: ChildProcess | undefined;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child) await endProcess(child, signal);
    child = undefined;
  }

  return {
    port,
    async start(...more) {
      if (child) return;
      child = await startNode([program, '--port', String(port), '--storage', storage, ...more], /answers on/);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
