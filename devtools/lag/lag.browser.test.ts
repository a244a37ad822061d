import type { LocalNode, RawCoMap } from 'cojson';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createBrowserPlatform } from '../../src/platform/browser-platform.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startSync } from '../../src/sync/start-sync.ts';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createDatabases } from '../../test/support/storage/databases.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../test/support/sync/fake-sync.ts';
import { openStorage } from '../../test/support/storage/open-storage.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let node: LocalNode;
let sync: FakeSync;
let map: RawCoMap;
let atMs: number;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  vi.useFakeTimers({ toFake: ['Date'] });
  atMs = Date.now();
  sync = createFakeSync(node, atMs);
  map = node.createGroup().createMap();
  map.set('name', '<b>Tide</b> log');
});

afterEach(() => vi.useRealTimers());

function open(): ShadowRoot {
  const { root } = mountOpenly({ target: sync, open: true });
  the(root, '[role=tab]', 'Lag').click();
  return root;
}

const relays = ['eu', 'us'] as const;

function useTwoRelays(): void {
  sync.setState({
    peers: relays.map((id) => ({ ...connectedRelay(atMs), id, url: `wss://${id}.example/sync` })),
  });
  sync.setPeers(
    relays.map((id) => ({
      ...{ id, bufferedBytes: 0, unacknowledgedMessages: 0 },
      hello: { durability: 'power-loss' },
    })),
  );
}

/** Records an edit that is saved, sent, and confirmed by each relay after these delays, which must not decrease. */
function edit(
  id: string,
  savedMs: number,
  sentMs: number,
  confirmedMs: Readonly<Record<string, number>>,
): void {
  const madeAtMs = Date.now();
  const need = { s: 1 };
  sync.rung('made', id, need);
  vi.setSystemTime(madeAtMs + savedMs);
  sync.rung('saved', id, need);
  vi.setSystemTime(madeAtMs + sentMs);
  for (const relayID of Object.keys(confirmedMs)) sync.rung('sent', id, need, relayID);
  for (const [relayID, ms] of Object.entries(confirmedMs)) {
    vi.setSystemTime(madeAtMs + ms);
    sync.rung('confirmed', id, need, relayID);
  }
}

const wordsOf = (element: Element) => element.textContent.replaceAll(/\s+/g, ' ').trim();
const groupOf = (root: ShadowRoot, rung: string) => the(root, '.lag [role=rowgroup]', rung);
const rowOf = (root: ShadowRoot, rung: string, priority: string) =>
  [...groupOf(root, rung).querySelectorAll('[role=row]')]
    .map((row) => [...row.querySelectorAll('[role=rowheader], [role=cell]')].map(wordsOf))
    .find((cells) => cells[1] === priority)
    ?.slice(2, 7);
const lagStat = (root: ShadowRoot) => wordsOf(the(root, '[role=tab]', 'Lag'));

describe('Lag', () => {
  it('explains the empty view', async () => {
    const root = open();
    await expect.poll(() => root.textContent).toContain('No edits yet');
    expect(lagStat(root)).toBe('Lag none');
    sync.setState({ status: 'paused' });
    await expect.poll(() => root.querySelector('.empty button')?.textContent).toBe('Resume sync');
    the(root, '.empty button', 'Resume sync').click();
    expect(sync.calls).toEqual(['resume']);
  });

  it('shows each rung by priority, including edits made before it was opened', async () => {
    const { root } = mountOpenly({ target: sync });
    edit(map.id, 3, 8, { [fakePeerID]: 410 });
    edit(map.group.id, 2, 4, { [fakePeerID]: 1_840 });
    the(root, '.corner').click();
    await expect.poll(() => root.querySelector('[role=tab]')).not.toBeNull();
    the(root, '[role=tab]', 'Lag').click();
    await expect.poll(() => root.querySelectorAll('.lag-bar').length).toBe(8);
    expect(rowOf(root, 'Saved', 'Medium')).toEqual(['1', '3 ms', '3 ms', '3 ms', '3 ms']);
    expect(rowOf(root, 'Sent', 'High')).toEqual(['1', '4 ms', '4 ms', '4 ms', '4 ms']);
    const [count, ...times] = rowOf(root, 'Confirmed', 'High') ?? [];
    expect(count).toBe('1');
    expect(times).toEqual(Array(4).fill('1.8 s'));
    expect(rowOf(root, 'Confirmed', 'Low')?.[0]).toBe('none');
    expect(rowOf(root, 'Answer', 'Medium')?.[4]).toBe('402 ms');
    expect(wordsOf(groupOf(root, 'Durable'))).toBe(
      'Durable same as confirmed: the relay confirms only after committing',
    );
    expect(lagStat(root)).toBe('Lag p95 1.8 s');
  });

  it('draws longer times further to the right', async () => {
    const root = open();
    edit(map.id, 3, 8, { [fakePeerID]: 410 });
    await expect.poll(() => root.querySelectorAll('.lag-bar').length).toBe(4);
    const [saved, sent, confirmed] = [...root.querySelectorAll('.lag-bar rect')]
      .filter((_, index) => index % 2 === 0)
      .map((mark) => mark.getBoundingClientRect().left);
    expect(saved).toBeLessThan(sent ?? NaN);
    expect(sent).toBeLessThan(confirmed ?? NaN);
  });

  it('explains why a rung has no figures instead of showing 0', async () => {
    sync.setPeers([
      { id: fakePeerID, bufferedBytes: 0, unacknowledgedMessages: 0, hello: { durability: 'none' } },
    ]);
    sync.setState({ durability: 'none', storage: { kind: 'memory', state: 'memory-only' } });
    const root = open();
    sync.rung('made', map.id, { s: 1 });
    vi.setSystemTime(atMs + 20);
    sync.rung('confirmed', map.id, { s: 1 }, fakePeerID);
    await expect.poll(() => root.querySelector('.lag')).not.toBeNull();
    expect(wordsOf(groupOf(root, 'Durable'))).toContain(
      'not promised: a relay keeps confirmed data in memory only',
    );
    expect(wordsOf(groupOf(root, 'Saved'))).toContain('nothing is saved on this device');
    expect(wordsOf(groupOf(root, 'Answer'))).toContain('none: every answer arrived before');
    expect(the(root, '.lag').textContent).not.toMatch(/\b0 ms/);
  });

  it('shows the slowest of several relays, and each one alone', async () => {
    useTwoRelays();
    const root = open();
    edit(map.id, 3, 8, { eu: 100, us: 900 });
    await expect.poll(() => root.querySelector('.lag')).not.toBeNull();
    expect(the(root, '.lag-head .facet', 'Both relays').getAttribute('aria-pressed')).toBe('true');
    expect(rowOf(root, 'Confirmed', 'Medium')?.[4]).toBe('900 ms');
    the(root, '.lag-head .facet', 'eu.example').click();
    await expect.poll(() => rowOf(root, 'Confirmed', 'Medium')?.[4]).toBe('100 ms');
    expect(rowOf(root, 'Saved', 'Medium')?.[4]).toBe('3 ms');
  });

  it('links to the oldest unconfirmed CoValue', async () => {
    sync.setUnsynced([
      {
        ...{ id: map.id, sinceMs: atMs - 240_000, saved: 'reached', sent: 'reached' },
        ...{ confirmed: 'pending', durable: 'pending', missingAtPeerIDs: [fakePeerID] },
      },
    ]);
    const root = open();
    await expect
      .poll(() => wordsOf(the(root, '.lag-head')))
      .toContain('oldest unconfirmed: 4 min <b>Tide</b> log');
    expect(wordsOf(groupOf(root, 'Confirmed'))).toBe(
      'Confirmed no edit reached this rung in the last 5 min; 1 waiting for 4 min',
    );
    expect(groupOf(root, 'Confirmed').querySelector('.warn')).not.toBeNull();
    expect(groupOf(root, 'Sent').querySelector('.warn')).toBeNull();
    expect(root.querySelector('.lag-head b b')).toBeNull();
    the(root, '.lag-head button', 'Tide').click();
    await expect
      .poll(() => root.querySelector('[role=grid]')?.getAttribute('aria-label'))
      .toBe('Unsynced CoValues');
    expect(the(root, '.detail').textContent).toContain('<b>Tide</b> log');
  });

  it('shows what waits on a separate line, not beside the priorities', async () => {
    sync.setUnsynced([
      {
        ...{ id: map.id, sinceMs: atMs - 7_000, saved: 'reached', sent: 'reached' },
        ...{ confirmed: 'pending', durable: 'pending', missingAtPeerIDs: [fakePeerID] },
      },
    ]);
    const root = open();
    edit(map.group.id, 3, 8, { [fakePeerID]: 410 });
    await expect.poll(() => root.querySelectorAll('.lag-bar').length).toBeGreaterThan(2);
    const rows = [...groupOf(root, 'Confirmed').querySelectorAll('[role=row]')].map(wordsOf);
    expect(rows.at(-1)).toBe('Confirmed 1 waiting, the oldest for 7 s');
    expect(rows.slice(0, -1).join()).not.toContain('waiting');
  });

  it('switches the time span, and offers the longest one if the current one is empty', async () => {
    const { root } = mountOpenly({ target: sync, open: true });
    the(root, '[role=tab]', 'Lag').click();
    edit(map.id, 3, 8, { [fakePeerID]: 20 });
    vi.setSystemTime(atMs + 3 * 60_000);
    await expect.poll(() => root.querySelector('.lag')).not.toBeNull();
    const select = the(root, '.lag-head select', 'Time span');
    await userEvent.selectOptions(select, 'last 1 min');
    await expect.poll(() => root.textContent).toContain('No edits in the last 1 min');
    the(root, '.empty button', 'Show the last 15 min').click();
    await expect.poll(() => root.querySelector('.lag')).not.toBeNull();
  });

  it('fits in a narrow panel', async () => {
    await page.viewport(390, 800);
    useTwoRelays();
    const root = open();
    edit(map.id, 3, 8, { eu: 100, us: 900 });
    await expect.poll(() => root.querySelector('.lag')).not.toBeNull();
    const lag = the(root, '.lag');
    expect(lag.scrollWidth).toBeLessThanOrEqual(lag.clientWidth);
  });

  it('times how long a real node takes to save edits', async () => {
    vi.useRealTimers();
    const databases = createDatabases(indexedDB);
    const storage = await openStorage('kernel', 'co_zLagOfEdits');
    const real = await createAccountNode();
    real.setStorage(storage);
    const peers = startSync({
      ...{ node: real, sync: false, storage, platform: createBrowserPlatform(), logger: silentLogger },
    });
    onTestFinished(async () => {
      await peers.close();
      await real.gracefulShutdown();
      await databases.deleteAll();
    });
    const { root } = mountOpenly({ target: peers, open: true });
    the(root, '[role=tab]', 'Lag').click();
    const note = real.createGroup().createMap();
    for (let n = 0; n < 10; n++) note.set('n', n);
    await peers.whenSaved(note);
    await expect.poll(() => rowOf(root, 'Saved', 'Medium')?.[0]).toBe('11');
    expect(
      rowOf(root, 'Saved', 'Medium')
        ?.slice(1)
        .every((time) => /^\d+ ms$|^\d\.\d s$/.test(time)),
    ).toBe(true);
    expect(wordsOf(groupOf(root, 'Confirmed'))).toContain('sync is switched off: nothing is sent; 2 waiting');
  });
});
