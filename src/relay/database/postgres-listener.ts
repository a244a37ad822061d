import type { Client } from 'pg';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Listener, Listening } from './database.ts';

const askEveryMs = 5_000;
const firstRetryMs = 100;
const longestRetryMs = 5_000;

/** Rejects when listening cannot begin; once it has, a connection that is lost is made again. */
export async function startListening(
  createClient: () => Client,
  channel: string,
  on: Listener,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<Listening> {
  let isClosed = false;
  let isListening = false;
  let stopWaiting = () => {};
  let client = await begin();
  void keepListening();

  async function begin(): Promise<Client> {
    const opened = createClient();
    opened.on('notification', ({ payload = '' }) => on.heard(payload));
    opened.on('error', () => stopWaiting());
    opened.on('end', () => stopWaiting());
    try {
      await opened.connect();
      await opened.query(`listen "${channel.replaceAll('"', '""')}"`);
    } catch (error) {
      end(opened);
      throw error;
    }
    isListening = true;
    on.began();
    return opened;
  }

  async function keepListening(): Promise<void> {
    for (;;) {
      await untilLost(client);
      isListening = false;
      end(client);
      for (let retryMs = firstRetryMs; !isListening; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
        if (isClosed) return;
        try {
          client = await begin();
        } catch (error) {
          logger.warn('The relay does not hear of what other relays store, and tries again', { error });
          await wait(retryMs);
        }
      }
    }
  }

  /** A connection may go without a word, so it is asked for one. */
  async function untilLost(current: Client): Promise<void> {
    try {
      while (!isClosed) {
        await wait(askEveryMs);
        if (!isClosed) await current.query('select 1');
      }
    } catch (error) {
      logger.warn('The connection that hears of what other relays store was lost', { error });
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
    opened.end().catch((error: unknown) => logger.debug('A connection did not end well', { error }));
  }

  return {
    get isListening() {
      return isListening;
    },
    close() {
      isClosed = true;
      isListening = false;
      stopWaiting();
      end(client);
    },
  };
}
