import type { Logger } from 'vite';
import { isKernelError } from '../base/kernel-error.ts';
import type { Relay, RelayOptions } from '../relay/index.ts';
import { explainTakenPort } from './taken-port.ts';

export interface DevRelay {
  /** Resolves with the URL of the relay once it accepts connections. Rejects with the KernelError of the relay. */
  start(logger: Logger): Promise<string>;
  /** Drains the relay. Safe to call twice, or without calling `start` first. */
  close(): Promise<void>;
}

// Ctrl-C and closing the terminal. Vite itself handles SIGTERM.
const signals = ['SIGINT', 'SIGHUP'] as const;

export function createDevRelay(options: RelayOptions): DevRelay {
  let starting: Promise<Relay> | undefined;

  async function close(): Promise<void> {
    for (const signal of signals) process.off(signal, endBySignal);
    // The caller of a failed start already got its error.
    const relay = await starting?.catch(() => undefined);
    // A signal and Vite may both close it, and each has to wait for the end.
    await relay?.close();
    starting = undefined;
  }

  /** By default a signal ends the process immediately; commit accepted edits first. */
  function endBySignal(signal: NodeJS.Signals): void {
    void close().finally(() => process.kill(process.pid, signal));
  }

  async function open(logger: Logger): Promise<Relay> {
    // Import it here, so that builds of an app need no database.
    const { createRelay } = await import('../relay/index.ts');
    try {
      return await createRelay({ logger: toRelayLogger(logger), inspect: true, ...options });
    } catch (error) {
      if (!isKernelError(error, 'RELAY_PORT_TAKEN')) throw error;
      const { host = '127.0.0.1', port = 4203 } = options;
      throw await explainTakenPort(error, `http://${host}:${port}`);
    }
  }

  return {
    async start(logger) {
      starting ??= open(logger);
      for (const signal of signals) process.once(signal, endBySignal);
      try {
        return (await starting).url;
      } catch (error) {
        starting = undefined;
        throw error;
      }
    },
    close,
  };
}

function toRelayLogger(logger: Logger): NonNullable<RelayOptions['logger']> {
  return {
    debug: () => {},
    warn: (message) => logger.warn(`relay: ${message}`, { timestamp: true }),
  };
}
