import { randomBytes } from 'node:crypto';
import type { CommitBus } from './commit-bus.ts';
import type { Database } from '../database/database.ts';
import type { RelayMark } from '../database/relay-mark.ts';

const channel = 'maia_relay_commits';
/** Sent instead of a sender's name when the storage got another epoch. It has no IDs, so earlier relays ignore it. */
const renewal = '*';
/** PostgreSQL accepts payloads below 8,000 bytes. */
const payloadBytes = 7_900;

/** Notifies other relays through PostgreSQL's NOTIFY. Rejects if it cannot start listening. */
export async function createNotifyBus(
  listen: NonNullable<Database['listen']>,
  mark: Pick<RelayMark, 'advance' | 'confirm'>,
): Promise<CommitBus> {
  const senderName = randomBytes(12).toString('base64url');
  let notifyIDs: (ids: readonly string[]) => void = () => {};
  let notifyGap = () => {};
  let notifyDoubt = () => {};
  const listening = await listen(channel, {
    received(payload) {
      const [sender, ...ids] = payload.split(' ');
      if (sender === renewal) notifyDoubt();
      else if (sender !== senderName) notifyIDs(ids);
    },
    started: () => notifyGap(),
    interrupted: () => notifyDoubt(),
  });

  return {
    async publish(query, ids) {
      // In the same statement as the notification, the mark costs no round trip.
      const [sent] = await query<{ isThere: boolean }>(
        `with advanced as (
           update relay_marks set mark = greatest(mark, $4), written_at = now()
           where relay = $3 and mark >= $5 returning 1
         )
         select pg_notify($1, payload), exists (select from advanced) as "isThere"
         from unnest($2::text[]) as payload`,
        [channel, payloadsOf(senderName, ids), ...mark.advance()],
      );
      if (!sent?.isThere) throw new Error('The database lacks what this relay committed before.');
    },
    published: mark.confirm,
    async publishRenewal(query) {
      await query(`select pg_notify($1, $2)`, [channel, renewal]);
    },
    onIds(listener) {
      notifyIDs = listener;
    },
    onGap(listener) {
      notifyGap = listener;
    },
    onDoubt(listener) {
      notifyDoubt = listener;
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
