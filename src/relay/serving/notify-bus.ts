import { randomBytes } from 'node:crypto';
import type { CommitBus } from '../commit-bus.ts';
import type { Database } from '../database/database.ts';

const channel = 'maia_relay_commits';
/** PostgreSQL takes less than 8,000 bytes. */
const payloadBytes = 7_900;

/** A bus over PostgreSQL's NOTIFY, for the relays on one storage. Rejects when listening cannot begin. */
export async function createNotifyBus(listen: NonNullable<Database['listen']>): Promise<CommitBus> {
  const ownName = randomBytes(12).toString('base64url');
  let tellIDs: (ids: readonly string[]) => void = () => {};
  let tellGap = () => {};
  const listening = await listen(channel, {
    heard(payload) {
      const [sender, ...ids] = payload.split(' ');
      if (sender !== ownName) tellIDs(ids);
    },
    began: () => tellGap(),
  });

  return {
    async publish(query, ids) {
      await query(`select pg_notify($1, payload) from unnest($2::text[]) as payload`, [
        channel,
        payloadsOf(ownName, ids),
      ]);
    },
    onIds(listener) {
      tellIDs = listener;
    },
    onGap(listener) {
      tellGap = listener;
    },
    get isListening() {
      return listening.isListening;
    },
  };
}

/** The sender's name and ids, as many to each as fit. All of it is ASCII. */
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
