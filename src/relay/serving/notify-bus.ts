import { randomBytes } from 'node:crypto';
import type { CommitBus } from './commit-bus.ts';
import type { Database } from '../database/database.ts';

const channel = 'maia_relay_commits';
/** PostgreSQL accepts payloads below 8,000 bytes. */
const payloadBytes = 7_900;

/** Notifies other relays through PostgreSQL's NOTIFY. Rejects if it cannot start listening. */
export async function createNotifyBus(listen: NonNullable<Database['listen']>): Promise<CommitBus> {
  const senderName = randomBytes(12).toString('base64url');
  let notifyIDs: (ids: readonly string[]) => void = () => {};
  let notifyGap = () => {};
  const listening = await listen(channel, {
    received(payload) {
      const [sender, ...ids] = payload.split(' ');
      if (sender !== senderName) notifyIDs(ids);
    },
    started: () => notifyGap(),
  });

  return {
    async publish(query, ids) {
      await query(`select pg_notify($1, payload) from unnest($2::text[]) as payload`, [
        channel,
        payloadsOf(senderName, ids),
      ]);
    },
    onIds(listener) {
      notifyIDs = listener;
    },
    onGap(listener) {
      notifyGap = listener;
    },
    get isListening() {
      return listening.isListening;
    },
  };
}

/** Each payload is the sender's name and as many IDs as fit, all in ASCII, so that its length is its size in bytes. */
export function payloadsOf(sender: string, ids: readonly string[]): readonly string[] {
  const payloads: string[] = [];
  let payload = sender;
  for (const id of ids) {
    if (payload !== sender && payload.length + 1 + id.length > payloadBytes) {
      payloads.push(payload);
      payload = sender;
    }
    payload += ` ${id}`;
  }
  if (payload !== sender) payloads.push(payload);
  return payloads;
}
