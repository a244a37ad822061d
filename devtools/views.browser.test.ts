import type { LocalNode } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createKernelError } from '../src/base/kernel-error.ts';
import type { PeerStatus } from '../src/sync/peer-status.ts';
import { setupSyncPeers } from '../src/sync/setup-sync-peers.ts';
import { createAccountNode } from '../test/support/session/account-node.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
  unconfirmedEdits,
} from '../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from './panel-in-test.ts';

let node: LocalNode;
let sync: FakeSync;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  node = await createAccountNode();
  sync = createFakeSync(node, Date.now());
});

const open = () => mountOpenly({ target: sync, open: true }).root;
const rowsOf = (root: ShadowRoot) => [...root.querySelectorAll<HTMLElement>('.rows [role=row]')];
/** Beside the fake relay. */
const otherRelay = (url: string): PeerStatus => ({ ...connectedRelay(0), id: 'other-relay', url });
const unreachable = createKernelError('RELAY_UNREACHABLE', 'The relay cannot be reached. Start it.');

describe('Unsynced', () => {
  it('renders only the visible rows', async () => {
    sync.setUnsynced(unconfirmedEdits(5_000));
    const root = open();
    const grid = the(root, '[role=grid]');
    expect(grid.getAttribute('aria-rowcount')).toBe('5001');
    await expect.poll(() => rowsOf(root).length).toBeLessThan(40);
    expect(root.querySelectorAll('*').length).toBeLessThan(1_500);

    grid.scrollTop = grid.scrollHeight;
    await expect.poll(() => rowsOf(root).at(-1)?.getAttribute('aria-rowindex')).toBe('5001');
    expect(rowsOf(root).length).toBeLessThan(40);
    const heights = new Set(rowsOf(root).map((row) => row.offsetHeight));
    expect([...heights]).toEqual([28]);
  });

  it('supports keyboard navigation and keeps the selected row visible', async () => {
    sync.setUnsynced(unconfirmedEdits(500));
    const root = open();
    the(root, '[role=grid]').focus();
    await userEvent.keyboard('{ArrowDown}{ArrowDown}{End}');
    const chosen = () => {
      const id = the(root, '[role=grid]').getAttribute('aria-activedescendant');
      return id === null ? undefined : (root.getElementById(id) ?? undefined);
    };
    await expect.poll(() => chosen()?.getAttribute('aria-rowindex')).toBe('501');
    expect(chosen()?.getAttribute('aria-selected')).toBe('true');
    const { bottom } = the(root, '[role=grid]').getBoundingClientRect();
    expect(chosen()?.getBoundingClientRect().bottom).toBeLessThanOrEqual(bottom);
    expect(the(root, '.detail').textContent).toContain('co_z000499');
    await userEvent.keyboard('{Home}');
    await expect.poll(() => chosen()?.getAttribute('aria-rowindex')).toBe('2');
  });

  it('can be searched by content, and shows sizes', async () => {
    const [first, second] = unconfirmedEdits(2);
    if (!first || !second) throw new Error('two were asked for');
    const map = node.createGroup().createMap({ crane: 'Tomas'.repeat(100) });
    sync.setUnsynced([first, { ...second, id: map.id }]);
    const root = open();
    const field = the(root, 'input', 'Filter CoValues');
    // Rows under the pointer stay, and another test may have left it there.
    await userEvent.hover(field);
    await userEvent.fill(field, 'tomast');
    await expect.poll(() => rowsOf(root).map((row) => row.getAttribute('data-id'))).toEqual([map.id]);
    expect(rowsOf(root)[0]?.textContent).toMatch(/\d B|kB/);
  });

  it('shows the timeline since the edit, linked to messages', async () => {
    const [edit] = unconfirmedEdits(1);
    if (!edit) throw new Error('one was asked for');
    const { id } = node.createGroup().createMap();
    sync.setUnsynced([{ ...edit, id }]);
    const root = open();
    const frame = { peerID: fakePeerID, kind: 'received', atMs: edit.sinceMs + 96 } as const;
    const refused = { maia: 'refused', code: 'forbidden', id, reason: 'no', closing: false };
    sync.frame({ ...frame, text: JSON.stringify({ maia: 'echoed', t: 1 }) });
    sync.frame({ ...frame, text: JSON.stringify(refused) });
    await userEvent.click(rowsOf(root)[0] ?? root.host);
    await expect
      .poll(() => root.querySelector('.time-line')?.textContent)
      .toContain('refused (forbidden) 96 ms');
    await userEvent.click(the(root, '.time-line button', '#2'));
    await expect
      .poll(() => root.querySelector('.message-detail, .detail')?.textContent)
      .toContain('forbidden');
    expect(the(root, '[role=tab][aria-selected=true]').textContent).toContain('Messages');
  });

  it('shows times on a 24-hour clock', async () => {
    const evening = new Date();
    evening.setHours(0, 0, 0, 0);
    sync.setUnsynced(
      unconfirmedEdits(1).map((edit) => ({ ...edit, sinceMs: evening.getTime() - 7_200_000 })),
    );
    const root = open();
    await expect.poll(() => root.querySelector('.detail time')?.textContent).toBe('22:00:00');
    expect(the(root, '.detail').textContent).not.toMatch(/\d [AP]M/);
  });

  it('names each CoValue by its content, with the reason and next step', () => {
    const map = node.createGroup().createMap();
    map.set('title', 'Crew list', 'private');
    const [edit] = unconfirmedEdits(1);
    if (!edit) throw new Error('one was asked for');
    sync.setState({
      peers: [
        {
          id: fakePeerID,
          url: 'wss://relay.example/sync',
          phase: 'waiting',
          attempt: 2,
          retryAtMs: Date.now() + 60_500,
          error: unreachable,
        },
      ],
    });
    sync.setUnsynced([{ ...edit, id: map.id, sent: 'pending' }]);
    const root = open();
    const [row] = rowsOf(root);
    expect(row?.textContent).toContain('Crew list');
    expect(row?.textContent).toContain(
      'Not connected to relay.example for under 1 s: The relay cannot be reached, next attempt in 1 min',
    );
    expect(the(root, '.detail .next').textContent).toContain('Start it.');
    the(root, '.next button', 'Try now').click();
    expect(sync.calls).toEqual(['reconnect']);
  });

  it('gives the name of a CoValue a line of its details', async () => {
    const map = node.createGroup().createMap();
    map.set('name', 'Everything that has to be on board before the ferry leaves');
    sync.setUnsynced(unconfirmedEdits(1).map((edit) => ({ ...edit, id: map.id })));
    const root = open();
    for (const width of [1280, 1000, 821, 390]) {
      await page.viewport(width, 800);
      await expect.poll(() => document.documentElement.clientWidth).toBe(width);
      await expect
        .poll(() => the(root, '.detail .top b', 'Everything').offsetWidth, { message: `${width}` })
        .toBeGreaterThan(115);
      const top = the(root, '.detail .top');
      expect([width, top.scrollWidth]).toEqual([width, top.clientWidth]);
    }
  });

  it('filters by text, reason and rung', async () => {
    const [first, second, ...others] = unconfirmedEdits(5);
    if (!first || !second) throw new Error('five were asked for');
    sync.setUnsynced([{ ...first, saved: 'failed' }, { ...second, sent: 'pending' }, ...others]);
    const root = open();
    const count = () => the(root, '.foot').textContent;
    the(root, '.facet', 'Not saved').click();
    await expect.poll(count).toContain('1 of 5 CoValues');
    the(root, '.facet', 'All').click();
    the(root, '.rung', 'Sent').click();
    await expect.poll(count).toContain('1 of 5 CoValues');
    expect(rowsOf(root)[0]?.dataset['id']).toBe(second.id);
    the(root, '.rung', 'Sent').click();
    await userEvent.hover(the(root, 'input'));
    await userEvent.fill(the(root, 'input'), 'co_z00000[34]');
    await expect.poll(count).toContain('0 of 5 CoValues');
    the(root, 'button', 'Regular expression').click();
    await expect.poll(count).toContain('2 of 5 CoValues');
    await userEvent.fill(the(root, 'input'), 'nothing');
    await expect.poll(() => root.textContent).toContain('None of 5 CoValues matches');
    the(root, '.empty button', 'Show all').click();
    await expect.poll(count).toContain('5 of 5 CoValues');
  });

  it('does not move rows under the pointer', async () => {
    const [first, second, third] = unconfirmedEdits(3);
    if (!first || !second || !third) throw new Error('three were asked for');
    sync.setUnsynced([first, second, third]);
    const root = open();
    await userEvent.hover(the(root, '.rows [role=row]:nth-child(2)'));
    sync.setUnsynced([second, third]);
    await expect.poll(() => rowsOf(root)[0]?.textContent).toContain('Arrived');
    expect(rowsOf(root).map((row) => row.dataset['id'])).toEqual([first.id, second.id, third.id]);
    await userEvent.hover(the(root, '.brand'));
    await expect.poll(() => rowsOf(root).map((row) => row.dataset['id'])).toEqual([second.id, third.id]);

    await userEvent.hover(the(root, '.rows [role=row]:nth-child(2)'));
    sync.setUnsynced([]);
    await expect
      .poll(() => rowsOf(root).map((row) => row.textContent.includes('Arrived')))
      .toEqual([true, true]);
    await userEvent.hover(the(root, '.brand'));
    await expect.poll(() => root.textContent).toContain('Nothing to confirm');
  });

  it('explains the empty view', async () => {
    const root = open();
    expect(the(root, '.empty').textContent).toContain('Nothing to confirm');
    the(root, '.empty button', 'Pause sync').click();
    sync.setState({ status: 'paused' });
    await expect.poll(() => the(root, '.empty').textContent).toContain('Resume sync');
    the(root, '.empty button', 'Resume sync').click();
    expect(sync.calls).toEqual(['pause', 'resume']);
  });
});

describe('Queues', () => {
  it('shows depth, peak and throughput by priority, and explains dashes for unknown values', async () => {
    const root = open();
    the(root, '[role=tab]', 'Queues').click();
    for (let index = 0; index < 10; index++) {
      sync.message('sent', { action: 'content', id: 'co_z1', priority: 3, new: {} }, 1_000, Date.now());
    }
    const medium = () => the(root, '.lane', 'Medium').textContent.replace(/\s+/g, ' ');
    await expect.poll(medium, { timeout: 4_000 }).toMatch(/^Medium – – [\d.]+ [\d.]+ kB/);
    expect(the(root, '.plot-cell', 'Peak in the last two minutes: 10')).toBeTruthy();
    expect(the(root, '.gauges').textContent).toContain('does not expose this queue');
  });

  it('shows what waits before them for one of two relays', async () => {
    const waiting: PeerStatus = {
      ...{ id: 'other-relay', url: 'wss://other.example/sync', phase: 'waiting', attempt: 3 },
      ...{ retryAtMs: Date.now() + 60_500, error: unreachable },
    };
    const [edit] = unconfirmedEdits(1);
    if (!edit) throw new Error('One was made.');
    const pending = { known: true, pending: 1, oldestSinceMs: edit.sinceMs };
    sync.setState({
      ...{ status: 'syncing', sent: pending, confirmed: pending },
      peers: [connectedRelay(0), waiting],
    });
    sync.setUnsynced([{ ...edit, sent: 'pending', missingAtPeerIDs: ['other-relay'] }]);
    const root = open();
    the(root, '[role=tab]', 'Queues').click();
    const bar = () => the(root, '.queues-bar').textContent;
    await expect
      .poll(bar)
      .toContain('1 CoValue held back before the queues, because other.example is not connected');
    expect(the(root, '[role=tab]', 'Queues').textContent).toContain('1 held back');
  });
});

describe('Peers', () => {
  it('shows phase, attempts, round trip and refusal, and offers controls', async () => {
    const root = open();
    the(root, '[role=tab]', 'Peers').click();
    await expect.poll(() => the(root, '.peer').textContent).toContain('31 ms');
    expect(the(root, '.phase.now').textContent).toContain('connected');
    expect(root.querySelector('.peer button')?.textContent).toBe('Pause');
    sync.setState({
      status: 'connecting',
      peers: [
        {
          id: fakePeerID,
          url: 'wss://me:secret@relay.example/sync?token=secret',
          phase: 'waiting',
          attempt: 3,
          retryAtMs: Date.now() + 60_500,
          error: unreachable,
        },
      ],
    });
    await expect.poll(() => the(root, '.phase.now').textContent).toMatch(/waiting\s*next in 1 min/);
    const words = the(root, '.peer').textContent;
    expect(words).toContain('The relay cannot be reached. Start it.');
    expect(words).toContain('RELAY_UNREACHABLE');
    expect(words).toContain('wss://relay.example/sync');
    expect(words).not.toContain('secret');
    the(root, '.peer button', 'Try now').click();
    the(root, '.peer button', 'Pause').click();
    sync.setState({ status: 'paused', peers: [{ ...connectedRelay(0), phase: 'paused' }] });
    await expect.poll(() => the(root, '.phase.now').textContent).toContain('paused');
    the(root, '.peer button', 'Resume').click();
    expect(sync.calls).toEqual(['reconnect', 'pause', 'resume']);
  });

  it('shows what was left out of the relay’s content, and why', async () => {
    const root = open();
    the(root, '[role=tab]', 'Peers').click();
    await expect.poll(() => the(root, '.peer').textContent).toContain('31 ms');
    expect(the(root, '.peer').textContent).not.toContain('Left out');
    const reason = 'It was signed for another CoValue or session.';
    const detail = { peerID: fakePeerID, id: 'co_zA', sessionID: 'co_zB_session_zC', reason };
    sync.event({ event: 'dropped', detail });
    await expect.poll(() => the(root, '.peer').textContent).toContain('Left out: content of 1 session');
    expect(the(root, 'dl', 'Content left out').textContent).toContain(`co_zA: ${reason}`);
  });

  it('shows that pausing one of several relays pauses all', async () => {
    sync.setState({ peers: [connectedRelay(0), otherRelay('wss://other.example/sync')] });
    const root = open();
    the(root, '[role=tab]', 'Peers').click();
    await expect.poll(() => root.querySelectorAll('.peer')).toHaveLength(2);
    for (const card of root.querySelectorAll('.peer'))
      expect(card.querySelector('button')?.textContent).toBe('Pause all');
    sync.setState({
      status: 'paused',
      peers: [connectedRelay(0), otherRelay('wss://other.example/sync')].map((relay) => ({
        ...relay,
        phase: 'paused',
      })),
    });
    await expect.poll(() => root.querySelector('.peer button')?.textContent).toBe('Resume all');
  });

  it('distinguishes two relays on one host in each view', async () => {
    const [edit] = unconfirmedEdits(1);
    if (!edit) throw new Error('One was made.');
    sync.setState({
      ...{ status: 'syncing', confirmed: { known: true, pending: 1, oldestSinceMs: edit.sinceMs } },
      peers: [connectedRelay(0), otherRelay('wss://relay.example/other')],
    });
    sync.setPeers(
      [fakePeerID, 'other-relay'].map((id) => ({ id, bufferedBytes: 0, unacknowledgedMessages: 0 })),
    );
    sync.setUnsynced([{ ...edit, missingAtPeerIDs: ['other-relay'] }]);
    const root = open();
    the(root, '[role=tab]', 'Peers').click();
    await expect
      .poll(() => [...root.querySelectorAll('.peer h3')].map(({ textContent }) => textContent))
      .toEqual(['relay.example/sync', 'relay.example/other']);
    the(root, '[role=tab]', 'Unsynced').click();
    await expect.poll(() => rowsOf(root)).toHaveLength(1);
    rowsOf(root)[0]?.click();
    await expect.poll(() => the(root, '.detail').textContent).toMatch(/Missing from\s*relay.example\/other/);
    for (const name of ['Queues', 'Lag', 'Faults']) {
      the(root, '[role=tab]', name).click();
      await expect
        .poll(() => the(root, '.view').textContent, { message: name })
        .toContain('relay.example/other');
    }
  });

  it('explains why there is no relay', async () => {
    sync.setState({ status: 'off', peers: [] });
    const root = open();
    the(root, '[role=tab]', 'Peers').click();
    await expect.poll(() => the(root, '.empty').textContent).toContain('Sync is switched off');
  });
});

it('shows a real node’s edits while its relay is unreachable, and no secrets', async () => {
  const peers = setupSyncPeers({ node, url: 'ws://127.0.0.1:9/sync' });
  onTestFinished(() => peers.close());
  const { root } = mountOpenly({ target: peers, open: true });
  const map = node.createGroup().createMap();
  map.set('title', 'Tide log', 'private');
  await expect.poll(() => the(root, '.rows').textContent).toContain('Tide log');
  await expect.poll(() => the(root, '.rows').textContent).toContain('Relay unreachable');
  const { pending } = peers.current.confirmed;
  expect(pending).toBeGreaterThan(0);
  expect(the(root, 'h2').textContent).toBe(`${pending} CoValues not confirmed`);
  expect(the(root, '[role=grid]').getAttribute('aria-rowcount')).toBe(String(pending + 1));
  for (const view of ['Queues', 'Peers', 'Unsynced']) {
    the(root, '[role=tab]', view).click();
    await expect.poll(() => the(root, '[role=tab][aria-selected=true]').textContent).toContain(view);
    expect(root.innerHTML).not.toContain(node.agentSecret);
    expect(root.innerHTML).not.toMatch(/Secret_z/);
  }
});
