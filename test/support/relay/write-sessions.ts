import type { RawCoMap } from 'cojson';
import { crypto } from './stock-client.ts';

/** Writes one edit under each of so many sessions, as of as many runs of the app. The node must have no peer. */
export function writeSessions(map: RawCoMap, count: number): void {
  const { core } = map;
  const { node } = core;
  const accountID = node.expectCurrentAccountID('test');
  for (let session = 0; session < count; session++) {
    // Through the node, each edit would take longer the more sessions there are.
    core.verified.makeNewTrustingTransaction(
      crypto.newRandomSessionID(accountID),
      node.getCurrentAgent(),
      [{ op: 'set', key: `session ${session}`, value: session }],
      undefined,
      Date.now(),
    );
  }
  // Lets the map read them.
  map.set('sessions', count, 'trusting');
}
