import { expect, it } from 'vitest';
import { gone, presenceOf, state } from '../../../test/support/relay/presence-frames.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { describeNats, natsUrl } from '../../../test/support/relay/test-nats.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { maxPresenceDataLength } from '../../wire/presence.ts';
import type { RelayOptions } from '../index.ts';

const id = 'co_zRoom';

async function passBetweenRelays(options: RelayOptions): Promise<void> {
  const storage = await createPostgres();
  const [one, other] = [await startRelay({ ...options, storage }), await startRelay({ ...options, storage })];
  const alice = await openRawClient(one.url);
  const bob = await openRawClient(other.url);
  alice.send(state(id, 'A'));
  bob.send(state(id, 'B'));
  // Until each relay has joined, what others send is lost, and comes again with the next heartbeat.
  let atMs = 2;
  await until(() => {
    alice.send(state(id, 'A', atMs));
    bob.send(state(id, 'B', atMs++));
    expect(presenceOf(bob)).not.toEqual([]);
    expect(presenceOf(alice)).not.toEqual([]);
  });
  // Three of these do not fit into one NOTIFY.
  const long = 'x'.repeat(maxPresenceDataLength);
  for (const name of ['C', 'D', 'E']) {
    const client = await openRawClient(one.url);
    client.send({ ...state(id, name), data: long });
  }
  for (const name of ['C', 'D', 'E']) await bob.waitFor({ ...state(id, name), data: long });
  alice.socket.terminate();
  await bob.waitFor(gone(id, 'A'));
}

describePostgres('two relays on one PostgreSQL', () => {
  it('[PRES-5] pass presence on to each other’s clients by NOTIFY', () => passBetweenRelays({}));

  describeNats('with NATS', () => {
    it('[PRES-5] pass presence on to each other’s clients', () => passBetweenRelays({ bus: natsUrl }));
  });
});
