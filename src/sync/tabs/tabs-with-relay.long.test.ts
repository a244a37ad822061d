import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCountingRelay, type CountingRelay } from '../../../test/support/sync/counting-relay.ts';
import {
  createDeviceWithTabs,
  shareMap,
  type DeviceWithTabs,
  type Tab,
} from '../../../test/support/sync/device-with-tabs.ts';
import { until } from '../../../test/support/until.ts';

let device: DeviceWithTabs;
let relay: CountingRelay;
beforeEach(async () => {
  device = await createDeviceWithTabs();
  relay = await startCountingRelay();
});
afterEach(async () => {
  await device.close();
  await relay.close();
});

const openTab = () => device.openTab(relay.url);
const confirmed = (tabs: readonly Tab[]) =>
  until(() => expect(tabs.map(({ sync }) => sync.current.status)).toEqual(tabs.map(() => 'confirmed')));

describe('tabs of one account, with a relay', () => {
  it('[TABS-2] upload each edit about once, and all learn when it is confirmed', async () => {
    const tabs = [0, 1, 2, 3, 4].map(openTab) as [Tab, ...Tab[]];
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
    await until(() => expect(device.ledger.pending).toEqual([]));
  });

  it('upload about once what was written before there was a relay', async () => {
    const tabs = [0, 1, 2, 3, 4].map(openTab) as [Tab, ...Tab[]];
    const map = await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    const before = relay.transactions();
    for (const tab of tabs) tab.map(map.id).set(tab.node.currentSessionID, 1);
    for (const tab of tabs) await until(() => expect(tab.map(map.id).keys()).toHaveLength(6));
    // Keeps any tab from learning through the relay what another one has uploaded.
    const look = relay.hold();
    const contents = relay.contents();
    for (const { sync } of tabs) sync.resume();
    await until(() => expect(relay.contents() - contents).toBeGreaterThanOrEqual(tabs.length));
    look();
    await confirmed(tabs);
    expect(relay.transactions() - before).toBeLessThanOrEqual(tabs.length * 1.5);
  });

  it('upload about once what the first tab to reconnect has sent for all of them', async () => {
    const tabs = [0, 1, 2, 3, 4].map(openTab) as [Tab, ...Tab[]];
    const map = await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    const before = relay.transactions();
    for (const tab of tabs) tab.map(map.id).set(tab.node.currentSessionID, 1);
    for (const tab of tabs) await until(() => expect(tab.map(map.id).keys()).toHaveLength(6));
    // Delays the confirmation until the other tabs connect.
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
    await until(() => expect(device.ledger.pending).toEqual([]));
  });

  it('upload what one of them sent but never arrived', async () => {
    const tabs = [openTab(), openTab()] as const;
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
    // Drops the content that the relay held.
    relay.hold()();
    second.sync.resume();
    await confirmed([second]);
    expect(relay.node.getCoValue(map.id).knownState()).toEqual(second.node.getCoValue(map.id).knownState());
  });

  it('[TABS-3] upload what a closed tab saved but did not upload', async () => {
    const tabs = [openTab(), openTab(), openTab()] as const;
    const [first, ...others] = tabs;
    const map = await shareMap(tabs);
    const unopened = first.node.createGroup().createMap();
    await confirmed(tabs);
    await until(() => expect(device.ledger.pending).toEqual([]));
    first.sync.pause();
    map.set('a', 'last words');
    unopened.set('b', 'too');
    await until(() => expect(first.sync.current.saved.pending).toBe(0));
    for (const tab of others) await until(() => expect(tab.sync.current.confirmed.pending).toBe(2));
    first.kill();
    expect(device.ledger.pending).toHaveLength(2);
    const before = relay.contents();
    await confirmed(others);
    const copy = () => relay.node.getCoValue(map.id).knownState();
    expect(copy()).toEqual(map.core.knownState());
    expect(relay.node.getCoValue(unopened.id).knownState()).toEqual(unopened.core.knownState());
    expect(relay.contents() - before).toBeLessThanOrEqual(4);
    await until(() => expect(device.ledger.pending).toEqual([]));
  });

  it('upload within about a second what a killed tab saved but did not upload', async () => {
    const tabs = [openTab(), openTab(), openTab()] as const;
    const [first, ...others] = tabs;
    const map = await shareMap(tabs);
    await confirmed(tabs);
    first.sync.pause();
    map.set('a', 1);
    for (const { node } of others)
      await until(() => expect(node.getCoValue(map.id).knownState()).toEqual(map.core.knownState()));
    // Only a tab that was seen with its lock can be missed.
    for (const tab of others) await until(() => expect(tab.lockReads()).toBeGreaterThan(0));
    const before = relay.transactions();
    first.kill();
    await until(() => expect(relay.transactions()).toBeGreaterThan(before), 2_000);
    await confirmed(others);
    expect(relay.transactions() - before).toBe(1);
  });

  it('upload after five seconds, not before, what a tab has saved that seems to be there but uploads nothing', async () => {
    const tabs = [openTab(), openTab(), openTab()] as const;
    const [first, ...others] = tabs;
    const map = await shareMap(tabs);
    await confirmed(tabs);
    first.sync.pause();
    const before = relay.transactions();
    const startedMs = performance.now();
    map.set('a', 1);
    await until(() => expect(relay.transactions()).toBeGreaterThan(before));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(5_000);
    await confirmed(others);
    expect(relay.transactions() - before).toBeLessThanOrEqual(others.length);
  });

  it('upload once an offline tab’s new group with what others wrote to it', async () => {
    const tabs = [openTab(), openTab(), openTab()] as const;
    const [first, ...others] = tabs;
    await shareMap(tabs);
    await confirmed(tabs);
    for (const { sync } of tabs) sync.pause();
    const before = relay.transactions();
    const map = await shareMap(tabs);
    for (const tab of others) tab.map(map.id).set(tab.node.currentSessionID, 1);
    for (const tab of tabs) await until(() => expect(tab.map(map.id).keys()).toHaveLength(3));
    for (const { sync } of tabs) sync.resume();
    await confirmed(tabs);
    const made = [map.core, map.group.core].flatMap((core) => Object.values(core.knownState().sessions));
    expect(relay.transactions() - before).toBe(made.reduce((sum, count) => sum + count, 0));
    expect(relay.node.getCoValue(map.id).knownState()).toEqual(first.node.getCoValue(map.id).knownState());
  });

  it('send a deletion by one of them in place of another one’s edits', async () => {
    const tabs = [openTab(), openTab()] as const;
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
    await until(() => expect(device.ledger.pending).toEqual([]));
  });

  it('trust only the relay about their own edits', async () => {
    const tab = openTab();
    await confirmed([tab]);
    const resumeSending = relay.hold();
    const { id } = tab.node.createGroup().createMap();
    await until(() => expect(tab.sync.current.confirmed.pending).toBe(2));
    const heard: unknown[] = [];
    const channel = tab.setup.platform.openTabChannel('tabs', (message) => heard.push(message));
    const from = device.newSessionID();
    const relayID = tab.sync.current.peers[0]?.id;
    const coValues = [[id, { header: 1 }, false]];
    channel?.post({ v: 1, from, kind: 'confirmed', relayID, generation: 0, coValues });
    channel?.post({ v: 1, from, kind: 'hello' });
    await until(() => expect(heard).toContainEqual(expect.objectContaining({ kind: 'here' })));
    expect(tab.sync.current.confirmed.pending).toBe(2);
    resumeSending();
    await confirmed([tab]);
  });

  it('each wait for the relay’s word about their own edits', async () => {
    const tabs = [openTab(), openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    await confirmed(tabs);
    second.sync.pause();
    second.map(map.id).set('b', 1);
    await until(() => expect(first.map(map.id).get('b')).toBe(1));
    first.sync.pause();
    map.set('a', 1);
    await until(() => expect(second.sync.current.saved.pending).toBe(0));
    // The first tab uploads both edits. By then, the second tab has made one more edit.
    second.map(map.id).set('b', 2);
    first.sync.resume();
    await confirmed([first]);
    expect(second.sync.current.confirmed.pending).toBe(1);
    second.sync.resume();
    await confirmed(tabs);
    await until(() => expect(device.ledger.pending).toEqual([]));
  });
});
