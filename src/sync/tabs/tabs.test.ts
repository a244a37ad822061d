import { LocalNode, type CoID, type RawCoMap, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { createFakePage, type FakePage } from '../../testing/fake-page.ts';
import { createNodePlatform } from '../../testing/node-platform.ts';
import { createSharedDevice, type SharedDevice, type SharedTab } from '../../testing/shared-device.ts';
import { startStockRelay, type StockRelay } from '../../testing/stock-relay.ts';
import { startSync } from '../start-sync.ts';
import type { SyncPeers } from '../sync-peers.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Tab extends SharedTab {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly page: FakePage;
  readonly changes: string[];
  map(id: string): RawCoMap;
}

let crypto: WasmCrypto;
let secret: ReturnType<WasmCrypto['newRandomAgentSecret']>;
let device: SharedDevice;
beforeEach(async () => {
  crypto = await WasmCrypto.create();
  secret = crypto.newRandomAgentSecret();
  device = createSharedDevice();
});

function openTab(url?: string): Tab {
  const sessionID: SessionID = crypto.newRandomSessionID(crypto.getAgentID(secret));
  const node = new LocalNode(secret, sessionID, crypto);
  const shared = device.openTab();
  const page = createFakePage();
  node.setStorage(shared.storage);
  const sync = startSync({
    ...{ node, storage: shared.storage, logger: silentLogger, tabs: shared.setup },
    sync: url === undefined ? false : { url },
    platform: { ...createNodePlatform(), page },
  });
  const changes: string[] = [];
  sync.on('change', ({ ids, origin }) => origin === 'tab' && changes.push(...ids));
  ends.push(() => sync.close());
  const map = (id: string) => node.expectCoValueLoaded(id as CoID<RawCoMap>).getCurrentContent() as RawCoMap;
  return { ...shared, node, sync, page, changes, map };
}

/** A map that all of them have in memory. */
async function shareMap([first, ...others]: readonly [Tab, ...Tab[]]): Promise<RawCoMap> {
  const map = first.node.createGroup().createMap();
  map.set('a', 0);
  await until(() => expect(first.sync.current.saved.pending).toBe(0));
  for (const { node } of others) expect(await node.load(map.id)).not.toBe('unavailable');
  return map;
}

interface CountingRelay extends StockRelay {
  /** Messages of content that have reached it. */
  contents(): number;
  /** And the transactions in them. */
  transactions(): number;
  /** Requests for a CoValue that it has answered. */
  answers(): number;
  /** From here on it looks at no content before it is told to. */
  hold(): () => void;
}

async function countingRelay(): Promise<CountingRelay> {
  const relay = await startStockRelay();
  ends.push(() => relay.close());
  const { syncManager } = relay.node;
  const handle = syncManager.handleSyncMessage.bind(syncManager);
  let contents = 0;
  let transactions = 0;
  let answers = 0;
  let held: (() => void)[] | undefined;
  syncManager.handleSyncMessage = (message, peer) => {
    if (message.action === 'content') {
      contents++;
      for (const { newTransactions } of Object.values(message.new)) transactions += newTransactions.length;
    }
    if (message.action === 'load') answers++;
    if (held && message.action === 'content') held.push(() => handle(message, peer));
    else handle(message, peer);
  };
  return {
    ...relay,
    contents: () => contents,
    transactions: () => transactions,
    answers: () => answers,
    hold() {
      const holding: (() => void)[] = (held = []);
      return () => {
        held = undefined;
        for (const look of holding) look();
      };
    },
  };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const confirmed = (tabs: readonly Tab[]) =>
  until(() => expect(tabs.map(({ sync }) => sync.current.status)).toEqual(tabs.map(() => 'confirmed')));

describe('tabs of one account, offline', () => {
  it('see each other’s edits, count them, and say where they came from', async () => {
    const tabs = [openTab(), openTab(), openTab()] as const;
    const map = await shareMap(tabs);
    const [first, second, third] = tabs;
    const pending = second.sync.current.confirmed.pending;
    for (const tab of tabs) tab.map(map.id).set(tab.node.currentSessionID, 1);
    const keys = ['a', ...tabs.map(({ node }) => node.currentSessionID)].toSorted();
    for (const tab of tabs) await until(() => expect(tab.map(map.id).keys().toSorted()).toEqual(keys));
    expect(first.changes).toContain(map.id);
    expect(third.sync.current.confirmed.pending).toBe(pending);
    expect(pending).toBe(2); // the group and the map
    expect(second.sync.current.saved.pending).toBe(0);
  });

  it('find at last what one has looked for before another made it', async () => {
    const [first, second] = [openTab(), openTab()];
    const group = first.node.createGroup();
    const map = group.createMap();
    // Its storage has not written yet.
    void second.node.load(map.id);
    await until(() => expect(second.node.getCoValue(map.id).isAvailable()).toBe(true));
  });

  it('load nothing that they do not work on', async () => {
    const [first, second] = [openTab(), openTab()];
    const map = first.node.createGroup().createMap();
    await until(() => expect(second.sync.current.confirmed.pending).toBe(2));
    expect(second.node.isCoValueInMemory(map.id)).toBe(false);
  });

  it('are given the content itself where one cannot save, and save it', async () => {
    const tabs = [openTab(), openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    map.set('before', 1);
    first.storage.status.set({ kind: 'custom', state: 'failing' });
    map.set('after', 2);
    await until(() => expect(second.map(map.id).toJSON()).toEqual({ a: 0, before: 1, after: 2 }));
    await until(() => expect(second.sync.current.saved.pending).toBe(0));
    expect(first.sync.current.saved.pending).toBe(1);
    const third = openTab();
    expect(await third.node.load(map.id)).not.toBe('unavailable');
    expect(third.map(map.id).get('after')).toBe(2);
  });

  it('read again what a page that was set aside has missed', async () => {
    const tabs = [openTab(), openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    second.page.tell('hide');
    map.set('a', 1);
    await until(() => expect(first.sync.current.saved.pending).toBe(0));
    expect(second.map(map.id).get('a')).toBe(0);
    second.page.tell('show');
    await until(() => expect(second.map(map.id).get('a')).toBe(1));
  });

  it('take nothing under their own session from another tab', async () => {
    const tabs = [openTab(), openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    const forged = new LocalNode(secret, second.node.currentSessionID, crypto);
    for (const core of [map.group.core, map.core]) {
      for (const content of core.newContentSince() ?? [])
        forged.syncManager.handleNewContent(content, 'import');
    }
    (forged.expectCoValueLoaded(map.id).getCurrentContent() as RawCoMap).set('forged', 1);
    const contents = forged.getCoValue(map.id).newContentSince() ?? [];
    const channel = first.setup.platform.openTabChannel('tabs', () => {});
    channel?.post({ v: 1, from: first.node.currentSessionID, kind: 'content', contents });
    map.set('after', 1);
    await until(() => expect(second.map(map.id).get('after')).toBe(1));
    expect(second.map(map.id).get('forged')).toBeUndefined();
  });
});

describe('tabs of one account, with a relay', () => {
  it('upload each edit about once, and all know when it is confirmed', async () => {
    const relay = await countingRelay();
    const tabs = [0, 1, 2, 3, 4].map(() => openTab(relay.url)) as [Tab, ...Tab[]];
    const map = await shareMap(tabs);
    await confirmed(tabs);
    const before = relay.contents();
    const edits = 50;
    for (let edit = 0; edit < edits; edit++) {
      map.set('a', edit);
      await until(() => expect(relay.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState()));
    }
    for (const tab of tabs) await until(() => expect(tab.map(map.id).get('a')).toBe(edits - 1));
    await confirmed(tabs);
    expect(relay.contents() - before).toBeLessThanOrEqual(edits * 1.5);
    await until(() => expect(device.marks.size).toBe(0));
  });

  it('upload about once what was written before there was a relay', async () => {
    const relay = await countingRelay();
    const tabs = [0, 1, 2, 3, 4].map(() => openTab(relay.url)) as [Tab, ...Tab[]];
    const map = await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    const before = relay.transactions();
    for (const tab of tabs) tab.map(map.id).set(tab.node.currentSessionID, 1);
    for (const tab of tabs) await until(() => expect(tab.map(map.id).keys()).toHaveLength(6));
    // So that none of them learns from the relay what another one has uploaded.
    const look = relay.hold();
    const contents = relay.contents();
    for (const { sync } of tabs) sync.resume();
    await until(() => expect(relay.contents() - contents).toBeGreaterThanOrEqual(tabs.length));
    look();
    await confirmed(tabs);
    expect(relay.transactions() - before).toBeLessThanOrEqual(tabs.length * 1.5);
  });

  it('upload about once what the first of them to be back has sent for all of them', async () => {
    const relay = await countingRelay();
    const tabs = [0, 1, 2, 3, 4].map(() => openTab(relay.url)) as [Tab, ...Tab[]];
    const map = await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    const before = relay.transactions();
    for (const tab of tabs) tab.map(map.id).set(tab.node.currentSessionID, 1);
    for (const tab of tabs) await until(() => expect(tab.map(map.id).keys()).toHaveLength(6));
    // So that it is not confirmed when the others come.
    const look = relay.hold();
    const [first, ...others] = tabs;
    first.sync.resume();
    await until(() => expect(relay.transactions() - before).toBe(tabs.length));
    const answers = relay.answers();
    for (const { sync } of others) sync.resume();
    await until(() => expect(relay.answers() - answers).toBeGreaterThanOrEqual(2 * others.length));
    for (const { sync } of others) await until(() => expect(sync.current.download.caughtUp).toBe(true));
    look();
    await confirmed(tabs);
    expect(relay.transactions() - before).toBeLessThanOrEqual(tabs.length * 1.5);
    await until(() => expect(device.marks.size).toBe(0));
  });

  it('upload what one of them has sent and never got there', async () => {
    const relay = await countingRelay();
    const tabs = [openTab(relay.url), openTab(relay.url)] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    second.map(map.id).set('b', 1);
    await until(() => expect(first.map(map.id).get('b')).toBe(1));
    relay.hold();
    const before = relay.transactions();
    first.sync.resume();
    await until(() => expect(relay.transactions() - before).toBe(1));
    first.kill();
    // What it held is lost.
    relay.hold()();
    second.sync.resume();
    await confirmed([second]);
    expect(relay.node.getCoValue(map.id).knownState()).toEqual(second.node.getCoValue(map.id).knownState());
  });

  it('take over what a tab that is gone has saved and not uploaded', async () => {
    const relay = await countingRelay();
    const tabs = [openTab(relay.url), openTab(relay.url), openTab(relay.url)] as const;
    const [first, ...others] = tabs;
    const map = await shareMap(tabs);
    const unopened = first.node.createGroup().createMap();
    await confirmed(tabs);
    first.sync.pause();
    map.set('a', 'last words');
    unopened.set('b', 'too');
    await until(() => expect(first.sync.current.saved.pending).toBe(0));
    for (const tab of others) await until(() => expect(tab.sync.current.confirmed.pending).toBe(2));
    first.kill();
    expect(device.marks.size).toBe(2);
    const before = relay.contents();
    await confirmed(others);
    const copy = () => relay.node.getCoValue(map.id).knownState();
    expect(copy()).toEqual(map.core.knownState());
    expect(relay.node.getCoValue(unopened.id).knownState()).toEqual(unopened.core.knownState());
    expect(relay.contents() - before).toBeLessThanOrEqual(4);
    await until(() => expect(device.marks.size).toBe(0));
  });

  it('have what one of them deletes deleted at the relay, in the place of another one’s edits', async () => {
    const relay = await countingRelay();
    const tabs = [openTab(relay.url), openTab(relay.url)] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    second.map(map.id).set('b', 1);
    map.core.deleteCoValue();
    await until(() => expect(second.node.getCoValue(map.id).isDeleted).toBe(true));
    second.sync.resume();
    await confirmed([second]);
    expect(relay.node.getCoValue(map.id).isDeleted).toBe(true);
    first.sync.resume();
    await confirmed(tabs);
    expect(tabs.map(({ sync }) => sync.current.saved.pending)).toEqual([0, 0]);
    await until(() => expect(device.marks.size).toBe(0));
  });

  it('believe only the relay of what they have made themselves', async () => {
    const relay = await countingRelay();
    const tab = openTab(relay.url);
    await confirmed([tab]);
    const goOn = relay.hold();
    const { id } = tab.node.createGroup().createMap();
    await until(() => expect(tab.sync.current.confirmed.pending).toBe(2));
    const heard: unknown[] = [];
    const channel = tab.setup.platform.openTabChannel('tabs', (message) => heard.push(message));
    const from = crypto.newRandomSessionID(crypto.getAgentID(secret));
    const relayID = tab.sync.current.peers[0]?.id;
    channel?.post({ v: 1, from, kind: 'confirmed', relayID, coValues: [[id, { header: 1 }, false]] });
    channel?.post({ v: 1, from, kind: 'hello' });
    await until(() => expect(heard).toContainEqual(expect.objectContaining({ kind: 'here' })));
    expect(tab.sync.current.confirmed.pending).toBe(2);
    goOn();
    await confirmed([tab]);
  });

  it('keep the mark of an edit that another tab’s mark stood for', async () => {
    const relay = await countingRelay();
    const tabs = [openTab(relay.url), openTab(relay.url)] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    await confirmed(tabs);
    second.sync.pause();
    second.map(map.id).set('b', 1);
    await until(() => expect(first.map(map.id).get('b')).toBe(1));
    first.sync.pause();
    map.set('a', 1);
    await until(() => expect(second.sync.current.saved.pending).toBe(0));
    // The first one uploads both, and takes the mark away; the second has heard of it while it had an edit more.
    second.map(map.id).set('b', 2);
    first.sync.resume();
    await confirmed([first]);
    await until(() => expect(device.marks).toContain(map.id));
    second.sync.resume();
    await confirmed(tabs);
    await until(() => expect(device.marks.size).toBe(0));
  });
});
