import {
  cojsonInternals,
  CoValueCore,
  LocalNode,
  RawCoList,
  RawCoStream,
  RawGroup,
  StorageApiAsync,
  type CryptoProvider,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parentChangesOf, readKeysEncrypting } from './private-fields.ts';
import { repairHashes } from './session-maps/hash-repair.ts';
import { layerSessionMaps, type SessionMap } from './session-maps/session-maps.ts';
import { until } from '../../test/support/until.ts';

// The parts of cojson 0.20.19 that the patches in this folder rely on. After an upgrade, a failure names the patch to
// review. Each patch's own test checks that cojson still needs it; private-fields.test.ts has the contracts of
// private reads.

let crypto: CryptoProvider;
let node: LocalNode;
beforeEach(async () => {
  crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
});

/** Gives the node a storage that keeps nothing and finds nothing. */
function setIdleStorage() {
  const storage = new StorageApiAsync({} as ConstructorParameters<typeof StorageApiAsync>[0]);
  vi.spyOn(storage, 'trackCoValuesSyncState').mockImplementation((_updates, done) => done?.());
  const store = vi.spyOn(storage, 'store').mockResolvedValue();
  const load = vi.spyOn(storage, 'load').mockImplementation((_id, _callback, done) => {
    done(false);
    return Promise.resolve();
  });
  node.setStorage(storage);
  return { store, load };
}

const isMethod = (target: object, name: string) => typeof Reflect.get(target, name) === 'function';

describe('empty-groups', () => {
  it('finds the methods and lists of a group that it patches', () => {
    expect(isMethod(RawGroup.prototype, 'processNewTransactions'), 'RawGroup.processNewTransactions').toBe(
      true,
    );
    const group = node.createGroup();
    expect(isMethod(group, 'rebuildFromCore'), 'RawGroup.rebuildFromCore').toBe(true);
    expect(isMethod(group.core, 'resetParsedTransactions'), 'CoValueCore.resetParsedTransactions').toBe(true);
    const { verifiedTransactions, toProcessTransactions, toDecryptTransactions } = group.core;
    const lists = [verifiedTransactions, toProcessTransactions, toDecryptTransactions];
    expect(lists.every(Array.isArray), 'the lists of transactions of a CoValueCore').toBe(true);
    for (const cache of ['parentGroupsChanges', 'keyRevelations']) {
      expect(Reflect.get(group, cache), `RawGroup.${cache}`).toBeInstanceOf(Map);
    }
  });
});

describe('tie-order', () => {
  it('finds a comparison without `this`, and the time of a list’s last transaction', () => {
    const list = node.createGroup().createList();
    for (const item of ['a', 'b']) list.append(item);
    const [first, second] = list.core.verifiedTransactions;
    if (!first || !second) throw new Error('The list has no transactions.');
    const order: unknown = Reflect.apply(CoValueCore.prototype.compareTransactions, undefined, [
      first,
      second,
    ]);
    expect(order, 'CoValueCore.compareTransactions').toBeLessThan(0);
    expect(isMethod(RawCoList.prototype, 'processNewTransactions'), 'RawCoList.processNewTransactions').toBe(
      true,
    );
    expect(list.lastValidTransaction, 'RawCoList.lastValidTransaction').toBe(second.madeAt);
  });

  it('finds the items of a stream by session, and the changes of a parent group by date', () => {
    const [group, parent] = [node.createGroup(), node.createGroup()];
    const stream = group.createStream();
    stream.push('item');
    expect(Object.keys(stream.items), 'RawCoStream.items').toEqual([node.currentSessionID]);
    expect(isMethod(RawCoStream.prototype, 'processNewTransactions'), 'processNewTransactions').toBe(true);
    group.extend(parent);
    const [change] = group.ops[`parent_${parent.id}`] ?? [];
    expect(new Map(parentChangesOf(group)).get(parent.id)?.changes, 'RawGroup.parentGroupsChanges').toEqual([
      { madeAt: change?.madeAt, value: 'extend' },
    ]);
  });
});

describe('late-changes', () => {
  it('finds the methods that it replaces, and what depends on a group', () => {
    const { prototype } = CoValueCore;
    for (const name of ['makeTransaction', 'resetParsedTransactions', 'scheduleContentRebuild']) {
      expect(isMethod(prototype, name), `CoValueCore.${name}`).toBe(true);
    }
    const group = node.createGroup();
    const map = group.createMap({ key: 1 }, null, 'trusting');
    expect([...group.core.dependant], 'CoValueCore.dependant').toContain(map.id);
    const [transaction] = map.core.toProcessTransactions;
    expect(map.core.latestTxMadeAt, 'CoValueCore.latestTxMadeAt').toBe(transaction?.madeAt);
    expect(map.knownTransactions[map.id], 'the applied transactions').toBe(1);
    expect(transaction?.stage, 'VerifiedTransaction.stage').toBe('processed');
  });
});

describe('session-maps', () => {
  it('is asked for every session map, with the CoValue’s ID', () => {
    const create = vi.spyOn(crypto, 'createSessionMap');
    const { id } = node.createGroup();
    expect(
      create.mock.calls.map(([coValueID]) => coValueID),
      'CryptoProvider.createSessionMap',
    ).toEqual([id]);
  });

  it('hash-repair has every method of cojson’s session map', () => {
    const maps: SessionMap[] = [];
    const createOriginal = crypto.createSessionMap.bind(crypto);
    crypto.createSessionMap = (...options) => {
      const map = createOriginal(...options);
      maps.push(map);
      return map;
    };
    node.createGroup();
    layerSessionMaps(crypto, { 'hash-repair': repairHashes(crypto) });
    const create = vi.spyOn(crypto, 'createSessionMap');
    node.createGroup();
    const names = new Set<string>();
    for (let holder: unknown = maps[0]; holder && holder !== Object.prototype;) {
      for (const name of Object.getOwnPropertyNames(holder)) names.add(name);
      holder = Object.getPrototypeOf(holder);
    }
    const repaired: unknown = create.mock.results[0]?.value;
    const missing = [...names].filter(
      (name) => isMethod(maps[0] ?? {}, name) && typeof Reflect.get(repaired as object, name) !== 'function',
    );
    // Memory management of the WebAssembly object.
    const own = ['constructor', 'free', '__destroy_into_raw'];
    expect(
      missing.filter((name) => !own.includes(name)),
      'methods that hash-repair does not pass on',
    ).toEqual([]);
  });

  it('edit-times finds the checked transactions of a CoValue with their dates', () => {
    const map = node.createGroup().createMap({ key: 1 });
    const madeAt = Date.now() + 1_000;
    map.core.makeTransaction([{ op: 'set', key: 'key', value: 2 }], 'trusting', undefined, madeAt);
    expect(map.core.verifiedTransactions.at(-1), 'CoValueCore.verifiedTransactions').toMatchObject({
      author: node.getCurrentAgent().id,
      currentMadeAt: madeAt,
      isValid: true,
      changes: [{ key: 'key', value: 2 }],
      stage: 'processed',
    });
  });
});

describe('node-events', () => {
  it('replaces methods that cojson looks up at each call', () => {
    const names = ['syncLocalTransaction', 'handleNewContent', 'handleSyncMessage', 'addPeer'] as const;
    const spies = names.map((name) => vi.spyOn(node.syncManager, name));
    const [peer, other] = cojsonInternals.connectedPeers('peer', 'other', {
      peer1role: 'client',
      peer2role: 'server',
    });
    node.syncManager.addPeer(peer);
    const { core } = node.createGroup();
    const [content] = core.newContentSince(undefined) ?? [];
    if (content) other.outgoing.push(content);
    for (const spy of spies) expect(spy, `SyncManager.${spy.getMockName()}`).toHaveBeenCalled();
  });

  it('follows the storage through `store`', () => {
    const { store } = setIdleStorage();
    node.createGroup().createMap({ key: 1 });
    return until(() => expect(store, 'StorageAPI.store').toHaveBeenCalled());
  });
});

describe('release-pacing', () => {
  it('finds what content depends on, and how a peer notes a request', () => {
    const group = node.createGroup();
    const [content] = group.createMap({ key: 1 }).core.newContentSince(undefined) ?? [];
    if (!content?.header) throw new Error('The map has no content.');
    const { header } = content;
    expect(
      [...cojsonInternals.getDependedOnCoValues(header, { ...content, header })],
      'cojsonInternals.getDependedOnCoValues',
    ).toContain(group.id);
    const [peer] = cojsonInternals.connectedPeers('peer', 'other', {});
    node.syncManager.addPeer(peer);
    const state = node.syncManager.peers['peer'] ?? {};
    expect(isMethod(state, 'trackLoadRequestUpdate'), 'PeerState.trackLoadRequestUpdate').toBe(true);
  });
});

describe('weak-covalues', () => {
  it('unmounts a CoValue, which a lookup then creates anew', () => {
    const { id, core } = node.createGroup().createMap();
    setIdleStorage();
    vi.spyOn(node.syncManager, 'isSyncedToServerPeers').mockReturnValue(true);
    expect(node.internalUnmountCoValue(id), 'LocalNode.internalUnmountCoValue').toBe(true);
    expect(node.getCoValue(id), 'LocalNode.getCoValue after unmounting').not.toBe(core);
  });
});

describe('spare-session', () => {
  it('writes under `currentSessionID` as it is during `makeTransaction`', () => {
    const map = node.createGroup().createMap();
    const other = crypto.newRandomSessionID(crypto.getAgentID(node.agentSecret));
    const usual = node.currentSessionID;
    Object.assign(node, { currentSessionID: other });
    map.set('key', 1);
    Object.assign(node, { currentSessionID: usual });
    expect(map.lastEditAt('key')?.tx.sessionID, 'LocalNode.currentSessionID').toBe(other);
  });

  it('sees the uniqueness of each CoValue that is created', () => {
    const create = vi.spyOn(crypto, 'uniquenessForHeader');
    const { core } = node.createGroup().createMap();
    expect(
      create.mock.results.map(({ value }) => value as unknown),
      'CryptoProvider.uniquenessForHeader',
    ).toContain(core.verified?.header.uniqueness);
  });

  it('sees each load from the storage', async () => {
    const { load } = setIdleStorage();
    await node.loadCoValueCore('co_zMissing', undefined, true);
    expect(load, 'StorageAPI.load').toHaveBeenCalledOnce();
  });
});

describe('group-rules', () => {
  it.each(['determineValidTransactions', 'addDependency', 'scheduleNotifyUpdate'])(
    'replaces or calls `CoValueCore.%s`',
    (name) => {
      expect(Reflect.get(CoValueCore.prototype, name)).toBeTypeOf('function');
    },
  );

  it.each(['getCurrentReadKeyId', 'getUncachedReadKey', 'internalCreateWriteOnlyKeyForMember', 'migrate'])(
    'replaces or calls `RawGroup.%s`',
    (name) => {
      expect(Reflect.get(RawGroup.prototype, name)).toBeTypeOf('function');
    },
  );

  it('reads which keys encrypt a key', () => {
    const group = node.createGroup();
    const before = String(group.get('readKey'));
    group.rotateReadKey();
    expect([...readKeysEncrypting(group, before)], 'RawGroup.keyRevelations').toEqual([group.get('readKey')]);
  });
});
