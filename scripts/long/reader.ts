import { LocalNode, type RawCoID } from 'cojson';
import { expect, vi } from 'vitest';
import { addStockPeer, crypto } from '../../src/relay/testing/stock-client.ts';
import { countKey, findLost, type Counts } from './ledger.ts';

/** What a node has of these CoValues. */
export function countsOf(node: LocalNode, ids: readonly string[]): Counts {
  return new Map(
    ids.flatMap((id) =>
      Object.entries(node.getCoValue(id as RawCoID).knownState().sessions).map(
        ([session, count]) => [countKey(id, session), count] as const,
      ),
    ),
  );
}

/** A client that has never been here must get all that is claimed, signatures checked. Returns what it got. */
export async function loadFresh(url: string, claimed: Counts): Promise<Counts> {
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const socket = addStockPeer(node, url);
  const ids = [...new Set([...claimed.keys()].map((key) => key.slice(0, key.indexOf('/'))))];
  try {
    await Promise.all(ids.map((id) => node.loadCoValueCore(id as RawCoID)));
    // A CoValue is there with its first piece.
    await vi.waitFor(() => expect(findLost(claimed, countsOf(node, ids))).toEqual([]), {
      timeout: 30_000,
      interval: 10,
    });
    return countsOf(node, ids);
  } finally {
    socket.terminate();
    await node.gracefulShutdown();
  }
}
