import type { LocalNode, RawAccount, RawCoID, RawCoMap, RawGroup } from 'cojson';
import { cojsonInternals, LocalNode as Node } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { vi } from 'vitest';
import { createAccountNode } from '../session/account-node.ts';
import { createFakeSync, fakePeerID } from '../sync/fake-sync.ts';
import { createInspector } from '../../../src/inspect/create-inspector.ts';
import type { Inspector } from '../../../src/inspect/inspector.ts';
import type { TransactionRow } from '../../../src/inspect/covalue/transaction-types.ts';

// `setUp` replaces these variables for each test.
export let node: LocalNode;
export let inspector: Inspector;
export let group: RawGroup;
export let map: RawCoMap;

/** An account with a group, and a map of two edits in it. */
export async function setUp(): Promise<void> {
  node = await createAccountNode();
  inspector = createInspector(createFakeSync(node, Date.now()));
  group = node.createGroup();
  map = group.createMap(undefined, { type: 'crew/v2' });
  map.set('name', 'Crew list', 'private');
  map.set('iris', { role: 'deckhand', since: '2026-11-24' }, 'private');
}

/** A relay that has sent these counts. */
export function told(sessions: Readonly<Record<string, number>>, id: RawCoID = map.id): void {
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
  if (!node.syncManager.peers[fakePeerID]) {
    node.syncManager.addPeer({ id: fakePeerID, role: 'server', incoming, outgoing });
  }
  node.syncManager.peers[fakePeerID]?.setKnownState(id, { id, header: true, sessions });
}

/** Another person's node, connected to this one. */
export async function otherPerson(): Promise<{ readonly other: LocalNode; readonly account: RawAccount }> {
  const crypto = await WasmCrypto.create();
  const { node: other } = await Node.withNewlyCreatedAccount({ creationProps: { name: 'Tomas' }, crypto });
  const [here, there] = cojsonInternals.connectedPeers('here', 'there', {
    peer1role: 'server',
    peer2role: 'client',
  });
  other.syncManager.addPeer(here);
  node.syncManager.addPeer(there);
  const account = await node.load(other.expectCurrentAccount('test').id);
  if (account === 'unavailable') throw new Error('connected above');
  return { other, account };
}

export const wordsOf = (row: TransactionRow | undefined) => JSON.stringify(row?.changes);
export const allAnswers = (id: string) => [
  inspector.coValue(id),
  inspector.coValues.members(id),
  inspector.coValues.sessions(id),
  inspector.coValues.transactions(id, { limit: 500 }),
  inspector.coValues.tree(id),
];

/** A session of `length` transactions. `count` is the number of times that one was read. */
export function longSession(length: number, transaction: object): { count: number } {
  const reads = { count: 0 };
  const transactions = new Proxy([] as unknown[], {
    get: (own, key) => {
      if (key === 'length') return length;
      if (typeof key !== 'string' || !/^\d+$/.test(key)) return Reflect.get(own, key) as unknown;
      reads.count++;
      return { ...transaction, madeAt: Number(key) };
    },
  });
  const { verified } = map.core;
  const known = { id: map.id, header: true, sessions: { [node.currentSessionID]: length } };
  vi.spyOn(verified, 'knownState').mockReturnValue(known);
  const session: Partial<ReturnType<typeof verified.getSession>> = {};
  Reflect.set(session, 'transactions', transactions);
  vi.spyOn(verified, 'getSession').mockReturnValue(session as ReturnType<typeof verified.getSession>);
  return reads;
}
