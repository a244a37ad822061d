import { LocalNode, type RawCoID } from 'cojson';
import { expect } from 'vitest';
import { addStockPeer, crypto } from '../support/relay/stock-client.ts';
import { countKey, findLost, type Counts } from './ledger.ts';
import { until } from '../support/until.ts';

/** A stock client disconnects from its relay if it is too busy to receive a ping for 10 s. */
const loadsAtOnce = 50;

const idOf = (key: string) => key.slice(0, key.indexOf('/'));

/** The node's transaction counts of these CoValues. */
export function countsOf(node: LocalNode, ids: readonly string[]): Counts {
  return new Map(
    ids.flatMap((id) =>
      Object.entries(node.getCoValue(id as RawCoID).knownState().sessions).map(
        ([session, count]) => [countKey(id, session), count] as const,
      ),
    ),
  );
}

/** Loads all claimed transactions with a new client, which verifies signatures. Returns its counts. */
export async function loadFresh(url: string, claimed: Counts): Promise<Counts> {
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const socket = addStockPeer(node, url);
  const ids = [...new Set([...claimed.keys()].map(idOf))];
  try {
    for (let from = 0; from < ids.length; from += loadsAtOnce) {
      const group = ids.slice(from, from + loadsAtOnce);
      await Promise.all(group.map((id) => node.loadCoValueCore(id as RawCoID)));
      const claimedOfGroup = new Map([...claimed].filter(([key]) => group.includes(idOf(key))));
      // A CoValue is available from its first message.
      await until(() => expect(findLost(claimedOfGroup, countsOf(node, group))).toEqual([]), 30_000);
    }
    return countsOf(node, ids);
  } finally {
    socket.terminate();
    await node.gracefulShutdown();
  }
}
