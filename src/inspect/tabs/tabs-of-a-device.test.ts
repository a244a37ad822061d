import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCountingRelay, type CountingRelay } from '../../../test/support/sync/counting-relay.ts';
import {
  createDeviceWithTabs,
  shareMap,
  type DeviceWithTabs,
  type Tab,
} from '../../../test/support/sync/device-with-tabs.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import { until } from '../../../test/support/until.ts';

let device: DeviceWithTabs;
let relay: CountingRelay;
const closing: (() => void)[] = [];
beforeEach(async () => {
  device = await createDeviceWithTabs();
  relay = await startCountingRelay();
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await device.close();
  await relay.close();
});

const idOf = ({ node }: Tab) => node.currentSessionID;

/** Inspects the device's tabs from one of them. */
function inspect({ sync }: Tab) {
  const clock = createFakeClock();
  const inspector = createInspector(sync, { clock, stopwatchMs: () => 0 });
  closing.push(inspector.close);
  const read = () => inspector.snapshot().tabs;
  return {
    clock,
    read,
    subscribe: () => inspector.subscribe(() => {}),
    /** Polls until each tab has the expected state and number of unconfirmed CoValues. */
    untilSeen: (expected: readonly (readonly [tab: Tab, state: string, unconfirmed: number | undefined])[]) =>
      until(() => {
        clock.advance(1_000);
        const seen = expected.map(([tab]) => {
          const found = read().list.find(({ sessionIDs }) => sessionIDs.includes(idOf(tab)));
          return [found?.state, found?.unconfirmed?.coValues];
        });
        expect(seen).toEqual(expected.map(([, state, unconfirmed]) => [state, unconfirmed]));
      }),
    untilLeftBehind: (expected: readonly object[]) =>
      until(() => {
        clock.advance(1_000);
        expect(read().leftBehind).toMatchObject(expected);
      }),
  };
}

const ofRollCall = () =>
  device.posted.filter((message) => 'kind' in message && ['who', 'there'].includes(String(message.kind)));

describe('the tabs of a device', () => {
  it('post nothing about themselves before one of them is inspected, and never a secret', async () => {
    const tabs = [device.openTab(), device.openTab(), device.openTab()] as const;
    await shareMap(tabs);
    const view = inspect(tabs[0]);
    view.read();
    view.clock.advance(10_000);
    expect(ofRollCall()).toEqual([]);
    const stop = view.subscribe();
    await until(() => expect(ofRollCall()).toHaveLength(3));
    stop();
    view.clock.advance(10_000);
    expect(ofRollCall().map((message) => 'kind' in message && message.kind)).toEqual([
      'who',
      'there',
      'there',
    ]);
    const text = JSON.stringify(ofRollCall());
    expect(text).not.toContain(tabs[0].node.agentSecret);
    expect(text).not.toContain('ecret');
  });

  it('report the edits of each tab that no relay has', async () => {
    const [first, second, third] = [device.openTab(), device.openTab(), device.openTab()] as const;
    const map = await shareMap([first, second, third]);
    const view = inspect(third);
    view.subscribe();
    // The two unconfirmed CoValues are the group and the map.
    await view.untilSeen([
      [first, 'there', 2],
      [second, 'there', 0],
      [third, 'this', 0],
    ]);
    second.map(map.id).set('b', 1);
    await view.untilSeen([
      [first, 'there', 2],
      [second, 'there', 1],
      [third, 'this', 0],
    ]);
    expect(view.read().leftBehind).toEqual([]);
    expect(
      view.read().list.find(({ sessionIDs }) => sessionIDs.includes(idOf(second)))?.unconfirmed,
    ).toMatchObject({
      coValues: 1,
      ids: [map.id],
    });
  });

  it('are gone when killed, left when closed, and frozen when the browser freezes them', async () => {
    const tabs = [device.openTab(), device.openTab(), device.openTab(), device.openTab()] as const;
    const [inspected, killed, closed, frozen] = tabs;
    const map = await shareMap(tabs);
    const view = inspect(inspected);
    view.subscribe();
    for (const tab of tabs) tab.map(map.id).set(idOf(tab), 1);
    await until(() => expect(inspected.map(map.id).keys()).toHaveLength(5));
    await view.untilSeen([
      [killed, 'there', 1],
      [closed, 'there', 1],
      [frozen, 'there', 1],
    ]);
    killed.kill();
    await closed.sync.close();
    frozen.page.tell('freeze');
    frozen.page.tell('hide');
    await view.untilSeen([
      [killed, 'gone', 1],
      [closed, 'left', 1],
      [frozen, 'frozen', 1],
    ]);
    const left = view.read().leftBehind;
    expect(left).not.toBe('unknown');
    expect(new Map(left === 'unknown' ? [] : left.map(({ sessionID, by }) => [sessionID, by]))).toEqual(
      new Map([
        [idOf(killed), 'gone'],
        [idOf(closed), 'left'],
        [idOf(frozen), 'frozen'],
      ]),
    );
    frozen.page.tell('show');
    await view.untilSeen([[frozen, 'there', 1]]);
  });

  it('leave edits behind for another tab to upload, until the relay has them', async () => {
    const [first, killed] = [device.openTab(relay.url), device.openTab(relay.url)] as const;
    const map = await shareMap([first, killed]);
    await until(() => expect(first.sync.current.status).toBe('confirmed'));
    for (const { sync } of [first, killed]) sync.pause();
    killed.map(map.id).set('b', 1);
    await until(() => expect(first.map(map.id).get('b')).toBe(1));
    killed.kill();
    const view = inspect(first);
    view.subscribe();
    await view.untilLeftBehind([{ sessionID: idOf(killed), by: 'earlier-run', coValues: 1, ids: [map.id] }]);
    first.sync.resume();
    await view.untilLeftBehind([]);
    expect(relay.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
  });

  it('that open later know which session left the edits', async () => {
    const tabs = [device.openTab(relay.url), device.openTab(relay.url)] as const;
    const [, last] = tabs;
    const map = await shareMap(tabs);
    last.map(map.id).set('b', 1);
    await until(() => expect(map.get('b')).toBe(1));
    for (const { sync } of tabs) await until(() => expect(sync.current.status).toBe('confirmed'));
    // Confirmations are written a little later.
    await until(() => expect(device.ledger.pending).toEqual([]));
    await relay.close();
    last.map(map.id).set('c', 1);
    await until(() => expect(device.ledger.pending).toContain(map.id));
    await until(() => expect(map.get('c')).toBe(1));
    for (const tab of tabs) tab.kill();
    const later = device.openTab();
    const view = inspect(later);
    view.subscribe();
    await view.untilLeftBehind([{}]);
    const left = view.read().leftBehind;
    expect(left === 'unknown' || left.map(({ coValues }) => coValues)).toEqual([1]);
    expect(new Set(left === 'unknown' ? [] : left.map(({ sessionID }) => sessionID))).toEqual(
      new Set([idOf(last)]),
    );
  });
});
