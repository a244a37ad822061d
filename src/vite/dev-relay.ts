import type { Logger } from 'vite';
import { isKernelError } from '../base/kernel-error.ts';
import type { Relay, RelayOptions } from '../relay/index.ts';
import { explainTakenPort } from './taken-port.ts';

/** The relay of one dev server. */
export interface DevRelay {
  /** Gives its URL as soon as it takes connections. Rejects with the relay's own KernelError, which says what to do. */
  start(logger: Logger): Promise<string>;
  /** Drains the relay. Safe to call twice, and where it was never started. */
  close(): Promise<void>;
}

// Ctrl-C, and the terminal that goes away. Vite itself sees to SIGTERM.
const signals = ['SIGINT', 'SIGHUP'] as const;

export function createDevRelay(options: RelayOptions): DevRelay {
  let starting: Promise<Relay> | undefined;

  async function close(): Promise<void> {
    for (const signal of signals) process.off(signal, endBySignal);
    // A start that failed has said so to the one who asked for it.
    const relay = await starting?.catch(() => undefined);
    // Twice where a signal and Vite both want the end: each of them has to wait for it.
    await relay?.close();
    starting = undefined;
  }

  /** By default a signal ends the process at once; here what the relay has accepted is committed first. */
  function endBySignal(signal: NodeJS.Signals): void {
    void close().finally(() => process.kill(process.pid, signal));
  }

  async function open(logger: Logger): Promise<Relay> {
    // Loaded here, so that an app's build does without a database.
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
