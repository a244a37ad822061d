import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import type { Content } from '../../engine/content.ts';
import type { Relay } from '../index.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ storage: 'memory:' });
});
afterAll(() => relay.close());

const dayMs = 24 * 60 * 60 * 1_000;

describe('content that the relay does not admit', () => {
  it('[RELAY-19] [RELAY-20] is refused with a reason on an open connection, and counted', async () => {
    const owner = await createClientNode();
    const map = owner.createGroup().createMap({ word: 'first' });
    const { currentSessionID: session } = owner;
    const piecesOf = (id: Content['id'], known?: ReturnType<typeof map.core.knownState>) =>
      owner.getCoValue(id).newContentSince(known) ?? [];
    const client = await openRawClient(relay.url);
    const account = owner.expectCurrentAccountID('test');
    for (const id of [account, map.group.id, map.id]) for (const piece of piecesOf(id)) client.send(piece);
    const known = map.core.knownState();
    await client.waitFor({ action: 'known', id: map.id, sessions: { [session]: 1 } });

    const later = Date.now() + 2 * dayMs;
    map.core.makeTransaction([{ op: 'set', key: 'word', value: 'far' }], 'private', undefined, later);
    for (const piece of piecesOf(map.id, known)) client.send(piece);
    const about = { id: map.id, sessionID: session };
    await client.waitFor({ maia: 'refused', code: 'clock', closing: false, ...about });
    const refusal = client.received.find(({ maia }) => maia === 'refused');
    expect(refusal?.['reason']).toContain('Correct the date and time of the device');
    const other = map.group.createMap({ word: 'other' });
    for (const piece of piecesOf(other.id)) client.send(piece);
    await client.waitFor({ action: 'known', id: other.id, sessions: { [session]: 1 } });
    expect(client.received).not.toContainEqual(expect.objectContaining({ sessions: { [session]: 2 } }));

    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    expect(metrics).toContain('maia_relay_refused_sessions_total{reason="clock"} 1');
  });
});
