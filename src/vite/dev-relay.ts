import type { Logger } from 'vite';
import { isKernelError } from '../base/kernel-error.ts';
import type { Relay, RelayOptions } from '../relay/index.ts';
import { explainTakenPort } from './taken-port.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface DevRelay {
  /**
   * Resolves with the URL of the relay once it accepts connections, or with undefined, after a warning, if a package for its
   * storage is not installed. Rejects with any other KernelError of the relay.
   */
  start(logger: Logger, environment: Environment): Promise<string | undefined>;
  /** Drains the relay. Safe to call twice, or without calling `start` first. */
  close(): Promise<void>;
}

// Ctrl-C and closing the terminal. Vite itself handles SIGTERM.
const signals = ['SIGINT', 'SIGHUP'] as const;

export function createDevRelay(options: RelayOptions): DevRelay {
  let starting: Promise<Relay | undefined> | undefined;

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

  async function open(logger: Logger, environment: Environment): Promise<Relay | undefined> {
    // Import them here, so that builds of an app need no database.
    const { readDevOptions } = await import('../relay/dev-options.ts');
    const { createRelay } = await import('../relay/index.ts');
    const given = readDevOptions(environment, options);
    try {
      return await createRelay({ logger: toRelayLogger(logger), inspect: true, ...given });
    } catch (error) {
      if (isKernelError(error, 'RELAY_PACKAGE_MISSING')) {
        const { install } = error.details;
        logger.warn(
          `maia-kernel: the relay needs PGlite, which is not installed. Run \`${install} --save-dev\` and restart, or set SYNC_MAIA_STORAGE=postgres and DATABASE_URL. Until then, edits stay on the device.`,
          { timestamp: true },
        );
        return undefined;
      }
      if (!isKernelError(error, 'RELAY_PORT_TAKEN')) throw error;
      const { host = '127.0.0.1', port = 4203 } = given;
      throw await explainTakenPort(error, `http://${host}:${port}`);
    }
  }

  return {
    async start(logger, environment) {
      starting ??= open(logger, environment);
      for (const signal of signals) process.once(signal, endBySignal);
      try {
        return (await starting)?.url;
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
    info: (message) => logger.info(`relay: ${message}`, { timestamp: true }),
    warn: (message) => logger.warn(`relay: ${message}`, { timestamp: true }),
  };
}
