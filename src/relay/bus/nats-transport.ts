import type { NatsConnection } from '@nats-io/transport-node';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { BusTransport, BusTransportListener } from './bus-transport.ts';

const connectWithinMs = 5_000;
const maxBytes = 60_000;

/** `subject` names the storage, so that relays of several storages can share a server. Rejects with RELAY_SETTING_INVALID. */
export async function openNatsTransport(
  url: string,
  subject: string,
  on: BusTransportListener,
  logger: Logger,
): Promise<BusTransport> {
  const connection = await connectTo(url);
  let isClosed = false;
  let interrupt: (error: Error) => void = () => {};
  let interruption = nextInterruption();
  connection.subscribe(subject, {
    callback(error, message) {
      if (error) logger.warn('Cannot receive notices from other relays', { error });
      else on.received(message.string());
    },
  });
  void watch();

  /** Rejects when the connection is lost: what is sent until then may not have arrived. */
  function nextInterruption(): Promise<never> {
    const next = new Promise<never>((_, reject) => (interrupt = reject));
    // Nothing may be on its way.
    next.catch(() => {});
    return next;
  }

  async function watch(): Promise<void> {
    for await (const { type } of connection.status()) {
      if (isClosed) return;
      if (type === 'disconnect') {
        logger.warn('Lost the connection to NATS; reconnecting');
        interrupt(new Error('The connection to NATS is lost.'));
        on.interrupted();
      } else if (type === 'reconnect') {
        interruption = nextInterruption();
        on.resumed();
      }
    }
  }

  return {
    maxBytes,
    async send(text) {
      // While the connection is lost, the client would keep it.
      const sent = (async () => {
        await Promise.resolve();
        connection.publish(subject, text);
        await connection.flush();
      })();
      sent.catch(() => {});
      await Promise.race([interruption, sent]);
    },
    close() {
      isClosed = true;
      interrupt(new Error('The connection to NATS is closed.'));
      connection
        .close()
        .catch((error: unknown) => logger.debug('Could not close the connection to NATS', { error }));
    },
  };
}

/** Errors never repeat the address, which may contain a password. */
async function connectTo(address: string): Promise<NatsConnection> {
  const url = new URL(address);
  try {
    const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    // Load the client only if NATS is used.
    const { connect } = await import('@nats-io/transport-node');
    return await connect({
      servers: url.host,
      name: 'maia-relay',
      timeout: connectWithinMs,
      maxReconnectAttempts: -1,
      pingInterval: connectWithinMs,
      ...(url.protocol === 'tls:' && { tls: {} }),
      ...(pass !== '' ? { user, pass } : user !== '' && { token: user }),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The relay cannot connect to NATS at ${url.host}: ${reason}. Check that it is running there, and check the address, user and password in SYNC_MAIA_BUS.`,
      { cause },
    );
  }
}
