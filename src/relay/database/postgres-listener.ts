import type { Client } from 'pg';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Listener, Listening } from './database.ts';

const probeIntervalMs = 5_000;
const firstRetryMs = 100;
const maxRetryMs = 5_000;

/** Rejects if listening cannot start. After that, a lost connection is reestablished. */
export async function startListening(
  createClient: () => Client,
  channel: string,
  on: Listener,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<Listening> {
  const name = `"${channel.replaceAll('"', '""')}"`;
  let isClosed = false;
  let isListening = false;
  let stopWaiting = () => {};
  let client = await begin();
  void keepListening();

  async function begin(): Promise<Client> {
    const opened = createClient();
    opened.on('notification', ({ payload = '' }) => on.received(payload));
    opened.on('error', () => stopWaiting());
    opened.on('end', () => stopWaiting());
    try {
      await opened.connect();
      // What is notified here was committed before, so a notification need not wait for the disk.
      await opened.query(`set synchronous_commit = off; listen ${name}`);
    } catch (error) {
      end(opened);
      throw error;
    }
    isListening = true;
    return opened;
  }

  async function keepListening(): Promise<void> {
    for (;;) {
      await untilLost(client);
      isListening = false;
      end(client);
      if (!isClosed) on.interrupted();
      for (let retryMs = firstRetryMs; !isListening; retryMs = Math.min(retryMs * 2, maxRetryMs)) {
        if (isClosed) return;
        try {
          client = await begin();
          on.resumed();
        } catch (error) {
          logger.warn('Cannot receive notifications from other relays; retrying', { error });
          await wait(retryMs);
        }
      }
    }
  }

  /** Probes the connection, because it may be lost without an error. */
  async function untilLost(current: Client): Promise<void> {
    try {
      while (!isClosed) {
        await wait(probeIntervalMs);
        if (!isClosed) await current.query('select 1');
      }
    } catch (error) {
      logger.warn('Lost the connection for notifications from other relays', { error });
    }
  }

  function wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      stopWaiting = () => {
        cancel();
        resolve();
      };
    });
  }

  function end(opened: Client): void {
    opened.end().catch((error: unknown) => logger.debug('Could not close a connection cleanly', { error }));
  }

  return {
    async notify(payload) {
      if (!isListening) throw new Error('The connection for notifications is lost.');
      await client.query(`select pg_notify($1, $2)`, [channel, payload]);
    },
    close() {
      isClosed = true;
      isListening = false;
      stopWaiting();
      end(client);
    },
  };
}
