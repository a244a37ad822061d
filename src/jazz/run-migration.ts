import type { RawCoMap } from 'cojson';
import type { Account } from 'jazz-tools';
import type { Session } from '../session/session.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import { isConnected } from './session-context-manager.ts';

/** How long to wait for relays. Longer than a usual answer takes. */
const maxWaitMs = 10_000;

/**
 * Runs the migration of the account's schema, then jazz-tools' own, which adds an inbox to the profile. A migration writes what it
 * does not find. On a new device, the root and the profile are there at once but empty, so wait for what relays have.
 */
export async function runMigration(session: Session, me: Account): Promise<void> {
  const { account, sync } = session;
  const ids = [account.get('root'), account.get('profile')].flatMap((id) => id ?? []);
  const maps = await Promise.all(ids.map((id) => session.load<RawCoMap>(id)));
  // jazz-tools expects them in memory.
  const stops = maps.map((map) => map.subscribe(() => {}));
  try {
    if (maps.some((map) => map.keys().length === 0)) await untilRelaysAnswer(sync, ids);
    await me.applyMigration();
  } finally {
    for (const stop of stops) stop();
  }
}

/**
 * Resolves when this device has what the relays had of these, or when it waited long enough for relays that it cannot reach. Rejects
 * with TIMEOUT if a relay is connected and slow: what the migration would write could replace what is there.
 */
async function untilRelaysAnswer(sync: SyncPeers, ids: readonly string[]): Promise<void> {
  const ending = new AbortController();
  const stop = sync.subscribe(({ peers }) => {
    if (peers.every(({ phase }) => phase === 'offline' || phase === 'closed')) ending.abort();
  });
  const options = { signal: ending.signal, timeoutMs: maxWaitMs };
  const answers = await Promise.allSettled(ids.map((id) => sync.whenConfirmed(id, options)));
  stop();
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed && isConnected(sync.current)) throw failed.reason;
}
