import { LocalNode, type RawCoID, type RawCoMap, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { debtOf, ledgerOf } from '../../test/support/storage/facts.ts';
import { openStorage } from '../../test/support/storage/open-storage.ts';
import { forgetSessions } from './forget-sessions.ts';
import { pendingDebts } from './ledger.ts';

const databases = createDatabases(indexedDB);

describe.each(['kernel', 'cojson-indexeddb'] as const)('%s', (kind) => {
  let accountID: string;
  let node: LocalNode;
  let maps: readonly [RawCoMap, RawCoMap];

  beforeEach(async () => {
    accountID = `forget-sessions-${crypto.randomUUID()}`;
    const wasm = await WasmCrypto.create();
    const secret = wasm.newRandomAgentSecret();
    node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
    const storage = await openStorage(kind, accountID);
    node.setStorage(storage);
    const group = node.createGroup();
    maps = [group.createMap({ n: 1 }), group.createMap({ n: 2 })];
    await Promise.resolve(); // cojson stores edits in a microtask.
    await storage.close();
  });
  afterEach(async () => {
    for (const name of [`maia-${accountID}`, `maia-cojson-${accountID}`]) await databases.delete(name);
  });

  /** The stored sessions of a CoValue; undefined if it is not stored. */
  async function storedOf(id: RawCoID): Promise<readonly string[] | undefined> {
    const storage = await openStorage(kind, accountID);
    try {
      const sessions: string[] = [];
      const isThere = await new Promise<boolean>((resolve) =>
        storage.load(
          id,
          (content) => {
            // Dependencies arrive first.
            if (content.id === id) sessions.push(...Object.keys(content.new));
          },
          resolve,
        ),
      );
      return isThere ? sessions : undefined;
    } finally {
      await storage.close();
    }
  }

  it('deletes one session of one CoValue and nothing else', async () => {
    const [forgotten, kept] = maps;
    const session = node.currentSessionID;
    await forgetSessions(indexedDB, accountID, [{ id: forgotten.id, sessionID: session, from: 0, count: 1 }]);
    expect(await storedOf(forgotten.id)).toEqual([]);
    expect(await storedOf(kept.id)).toEqual([session]);
    expect(await storedOf(kept.group.id)).toEqual([session]);
  });

  if (kind === 'kernel')
    it('keeps what precedes the fork', async () => {
      const [{ id }] = maps;
      await forgetSessions(indexedDB, accountID, [
        { id, sessionID: node.currentSessionID, from: 1, count: 2 },
      ]);
      expect(await storedOf(id)).toEqual([node.currentSessionID]);
    });

  // Stock storage keeps marks of whole CoValues.
  if (kind === 'kernel')
    it('releases what was owed of that session and nothing else', async () => {
      const [{ id }, { id: kept }] = maps;
      const [session, other] = [node.currentSessionID, 'another session'];
      const before = await openStorage(kind, accountID);
      ledgerOf(before).useRelays(['r']);
      ledgerOf(before).add({
        // More than is stored: another tab has deleted the rest.
        debts: [debtOf(id, { session, count: 3 }), debtOf(id, { session: other }), debtOf(kept, { session })],
      });
      await before.close();
      await forgetSessions(indexedDB, accountID, [{ id, sessionID: session, from: 0, count: 3 }]);
      const after = await openStorage(kind, accountID);
      const owed = pendingDebts(await ledgerOf(after).read(), []);
      await after.close();
      expect([...owed].map(([owedID, { need }]) => [owedID, need])).toEqual([
        [id, { [other]: 1 }],
        [kept, { [session]: 1 }],
      ]);
    });

  it('ignores unknown sessions and creates no database', async () => {
    const [map] = maps;
    const unknown = { id: map.id, sessionID: `${node.currentSessionID}x` as SessionID, from: 0, count: 1 };
    await forgetSessions(indexedDB, accountID, [unknown]);
    expect(await storedOf(map.id)).toEqual([node.currentSessionID]);
    await forgetSessions(indexedDB, 'nobody', [unknown]);
    const names = await databases.names();
    expect(names.filter((name) => name.endsWith('nobody'))).toEqual([]);
  });
});
