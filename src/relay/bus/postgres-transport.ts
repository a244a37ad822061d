import type { Database } from '../database/database.ts';
import type { BusTransport, BusTransportListener } from './bus-transport.ts';
import { renewal } from './notices.ts';

const channelOf = (topic: string) => `maia_relay_${topic}`;
/** PostgreSQL accepts payloads below 8,000 bytes. */
const maxBytes = 7_900;

/** Sends notices with PostgreSQL's NOTIFY. Rejects if it cannot start listening. */
export async function openPostgresTransport(
  listen: NonNullable<Database['listen']>,
  topic: string,
  on: BusTransportListener,
): Promise<BusTransport> {
  const listening = await listen(channelOf(topic), on);
  return { maxBytes, send: listening.notify, close: listening.close };
}

/** Tells all relays that listen here, from outside a relay, that the storage got another epoch. */
export async function notifyRenewal(listen: NonNullable<Database['listen']>): Promise<void> {
  const listening = await listen(channelOf('commits'), { received() {}, interrupted() {}, resumed() {} });
  await listening.notify(renewal);
  listening.close();
}
