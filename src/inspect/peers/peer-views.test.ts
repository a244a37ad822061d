import { expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import type { PeerInspection } from '../../sync/inspection.ts';
import { createSecondsRing } from '../shared/seconds-ring.ts';
import { createMessageCounts } from '../shared/traffic.ts';
import { readPeers, roundTripLane } from './peer-views.ts';
import { createRelayLog } from './relay-log.ts';

async function read(peers: readonly PeerInspection[], roundTripsAtMs: readonly number[] = []) {
  const node = await createAccountNode();
  const ring = createSecondsRing({ startMs: 0, seconds: 12, maxBytes: 10_000 });
  for (const atMs of roundTripsAtMs) ring.measure(roundTripLane('eu'), atMs, 30);
  const log = createRelayLog();
  log.note([{ id: 'eu', url: 'wss://eu.example/sync', phase: 'connected', sinceMs: 0 }], 0);
  const inspection = {
    node,
    unsynced: () => [],
    waiting: { saved: new Map(), sent: new Map(), confirmed: new Map() },
    peers: () => peers,
    memory: () => ({ loaded: 0, unloaded: 0 }),
    setTap: () => {},
    setFrameTap: () => {},
    setRungTap: () => {},
    setTransportWrap: () => {},
    redial: () => {},
    onEvent: () => () => {},
  };
  return readPeers(
    inspection,
    log,
    { of: () => [] },
    { of: () => ({ sessions: 0, latest: [] }), lastRefusalOf: () => undefined },
    createMessageCounts(ring),
    ring,
    12_000,
  )[0];
}
const inspected = { id: 'eu', bufferedBytes: 5, unacknowledgedMessages: 2 };

it.each([
  [{ durability: 'power-loss' }, 'power-loss'],
  [{ durability: 'for ever' }, 'unknown'],
  [{}, 'unknown'],
  [undefined, 'unknown'],
])('reads from hello %j the promise %s', async (hello, promises) => {
  expect(await read([{ ...inspected, ...(hello && { hello }) }])).toMatchObject({
    promises,
    bufferedBytes: 5,
  });
});

it('holds a round trip until the next one is due', async () => {
  const peer = await read([inspected], [2_000]);
  expect(peer?.roundTrips.values).toEqual([null, null, 30, 30, 30, 30, 30, 30, null, null, null, null]);
});

it('shows a relay that is not inspected as idle', async () => {
  expect(await read([])).toMatchObject({ promises: 'unknown', bufferedBytes: 0, unacknowledgedMessages: 0 });
});
