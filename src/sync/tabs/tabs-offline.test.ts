import type { AvailableCoValueCore } from 'cojson';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createDeviceWithTabs,
  mapOf,
  shareMap,
  type DeviceWithTabs,
} from '../../../test/support/sync/device-with-tabs.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { until } from '../../../test/support/until.ts';

let device: DeviceWithTabs;
beforeEach(async () => {
  device = await createDeviceWithTabs();
});
afterEach(() => device.close());

describe('tabs of one account, offline', () => {
  it('[TABS-1] see each other’s edits, count them, and report their origin', async () => {
    const tabs = [device.openTab(), device.openTab(), device.openTab()] as const;
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

  it('find a CoValue that one of them looked up before another created it', async () => {
    const [first, second] = [device.openTab(), device.openTab()];
    const group = first.node.createGroup();
    const map = group.createMap();
    // The first tab's storage has not written it yet.
    void second.node.load(map.id);
    await until(() => expect(second.node.getCoValue(map.id).isAvailable()).toBe(true));
  });

  it('find after a while what a tab wrote that was killed before it announced it', async () => {
    const clock = createFakeClock();
    const [killed, other] = [device.openTab(), device.openTab(undefined, clock)];
    const map = await shareMap([killed, other]);
    const { store } = killed.storage;
    killed.storage.store = (content, correct) => store(content, correct, () => killed.kill());
    map.set('a', 'untold');
    await until(() => expect(device.piecesOf(map.id)).toBe(2));
    clock.advance(60_000);
    await until(() => expect(other.map(map.id).get('a')).toBe('untold'));
    expect(other.sync.current.confirmed.pending).toBeGreaterThan(0);
  });

  it('load nothing that they do not use', async () => {
    const [first, second] = [device.openTab(), device.openTab()];
    const map = first.node.createGroup().createMap();
    await until(() => expect(second.sync.current.confirmed.pending).toBe(2));
    expect(second.node.isCoValueInMemory(map.id)).toBe(false);
  });

  it('[TABS-4] receive the content itself if one of them cannot save, and save it', async () => {
    const tabs = [device.openTab(), device.openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    map.set('before', 1);
    first.storage.status.set({ kind: 'custom', state: 'failing' });
    map.set('after', 2);
    await until(() => expect(second.map(map.id).toJSON()).toEqual({ a: 0, before: 1, after: 2 }));
    await until(() => expect(second.sync.current.saved.pending).toBe(0));
    expect(first.sync.current.saved.pending).toBe(1);
    const third = device.openTab();
    expect(await third.node.load(map.id)).not.toBe('unavailable');
    expect(third.map(map.id).get('after')).toBe(2);
  });

  it('[TABS-4] post what they cannot save once, however often they try, and all of it to a new tab', async () => {
    const tabs = [device.openTab(), device.openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    const fail = (usedBytes: number) => {
      for (const { storage } of tabs) storage.status.set({ kind: 'custom', state: 'failing', usedBytes });
    };
    const posts = () => device.posted.filter((message) => 'contents' in message).length;
    fail(1);
    map.set('unsaved', 1);
    await until(() => expect(second.map(map.id).get('unsaved')).toBe(1));
    for (const attempt of [2, 3, 4]) fail(attempt);
    map.set('unsaved', 2);
    await until(() => expect(second.map(map.id).get('unsaved')).toBe(2));
    expect(posts()).toBe(2);

    const third = device.openTab();
    await until(() => expect(third.sync.current.saved.pending).toBe(0));
    expect(await third.node.load(map.id)).not.toBe('unavailable');
    await until(() => expect(third.map(map.id).get('unsaved')).toBe(2));
    expect(first.sync.current.saved.pending).toBe(1);
  });

  it('read again what a page missed while it was frozen', async () => {
    const tabs = [device.openTab(), device.openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    second.page.tell('hide');
    map.set('a', 1);
    await until(() => expect(first.sync.current.saved.pending).toBe(0));
    expect(second.map(map.id).get('a')).toBe(0);
    second.page.tell('show');
    await until(() => expect(second.map(map.id).get('a')).toBe(1));
  });

  it('[TABS-4] receive all pieces in order, although the group arrives after them', async () => {
    const [first, second] = [device.openTab(), device.openTab()];
    const author = device.forge(device.newSessionID());
    const map = author.createGroup().createMap({ n: 0 });
    const channel = first.setup.platform.openTabChannel('tabs', () => {});
    const post = (core: AvailableCoValueCore, known?: ReturnType<AvailableCoValueCore['knownState']>) => {
      const contents = core.newContentSince(known) ?? [];
      channel?.post({ v: 1, from: author.currentSessionID, kind: 'content', contents });
    };
    post(map.core);
    for (const n of [1, 2, 3]) {
      const known = map.core.knownState();
      map.set('n', n);
      post(map.core, known);
    }
    post(map.group.core);
    await until(() => expect(second.map(map.id).get('n')).toBe(3));
  });

  it('accept nothing under their own session from another tab', async () => {
    const tabs = [device.openTab(), device.openTab()] as const;
    const [first, second] = tabs;
    const map = await shareMap(tabs);
    const forged = device.forge(second.node.currentSessionID);
    for (const core of [map.group.core, map.core]) {
      for (const content of core.newContentSince() ?? [])
        forged.syncManager.handleNewContent(content, 'import');
    }
    mapOf(forged, map.id).set('forged', 1);
    const contents = forged.getCoValue(map.id).newContentSince() ?? [];
    const channel = first.setup.platform.openTabChannel('tabs', () => {});
    channel?.post({ v: 1, from: first.node.currentSessionID, kind: 'content', contents });
    map.set('after', 1);
    await until(() => expect(second.map(map.id).get('after')).toBe(1));
    expect(second.map(map.id).get('forged')).toBeUndefined();
  });
});
