import type { LocalNode, RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  closedChannel,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../../test/support/sync/fake-sync.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

let node: LocalNode;
let clock: FakeClock;
let sync: FakeSync;
let inspector: Inspector;
let map: RawCoMap;

beforeEach(async () => {
  node = await createAccountNode();
  clock = createFakeClock();
  sync = createFakeSync(node, clock.nowMs());
  inspector = createInspector(sync, { clock });
  onTestFinished(() => inspector.close());
  map = node.createGroup().createMap();
  map.set('name', 'Mooring note');
  map.set('crane', 'Tomas');
});

const frame = (kind: 'sent' | 'received', ...messages: readonly object[]) =>
  sync.frame({
    ...{ kind, peerID: fakePeerID, atMs: clock.nowMs() },
    text: messages.map((message) => JSON.stringify(message)).join('\n'),
  });
const contentOf = (coMap: RawCoMap) => coMap.core.newContentSince()?.[0] ?? {};
const knownOf = (coMap: RawCoMap) => ({ action: 'known', ...coMap.core.knownState() });
const rows = () => inspector.messages.read().rows;

describe('the message log', () => {
  it('matches sent content with the known that confirmed it, both ways', () => {
    frame('sent', contentOf(map));
    expect(rows()[0]?.confirmation).toEqual({ state: 'waiting' });
    clock.advance(40);
    frame('received', { action: 'known', id: map.id, header: true, sessions: {} });
    clock.advance(172);
    frame('received', knownOf(map));
    const [content, early, known] = rows();
    expect(content).toMatchObject({
      ...{ number: 1, type: 'content', direction: 'sent', count: 2, priority: 'medium' },
      label: { name: 'Mooring note', kind: 'CoMap' },
      confirmation: { state: 'confirmed', by: 3, afterMs: 212 },
    });
    expect(early?.confirms).toBeUndefined();
    expect(known).toMatchObject({ type: 'known', count: 2, confirms: { newest: 1, messages: 1 } });
    expect(inspector.messages.confirmedBy(3)).toEqual([1]);
  });

  it('ignores a known of another relay or CoValue, and a sent one', () => {
    const other = node.createGroup().createMap();
    frame('sent', contentOf(map));
    frame('sent', knownOf(map));
    frame('received', { ...knownOf(map), id: other.id });
    sync.frame({ kind: 'received', peerID: 'eu', atMs: 1, text: JSON.stringify(knownOf(map)) });
    expect(rows()[0]?.confirmation).toEqual({ state: 'waiting' });
  });

  it('does not take a known without a header as confirmation', () => {
    const empty = node.createGroup().createMap();
    frame('sent', contentOf(empty));
    frame('received', { action: 'known', id: empty.id, header: false, sessions: {} });
    expect(rows()[0]).toMatchObject({ count: 0, confirmation: { state: 'waiting' } });
    frame('received', knownOf(empty));
    expect(rows()[0]?.confirmation).toMatchObject({ state: 'confirmed', by: 3 });
  });

  it('lists channels, pings, our own frames, and anything else', () => {
    sync.frame({ kind: 'opened', peerID: fakePeerID, atMs: 1, transport: 'websocket' });
    frame('received', { maia: 'echoed', t: 5 }, { type: 'ping', time: 7, dc: 'maia' });
    frame('received', { action: 'content', id: 'no id', token: 'secret' });
    const error = createKernelError('RELAY_SILENT', 'No bytes for 10 s.');
    sync.frame({ kind: 'closed', ...closedChannel, peerID: fakePeerID, atMs: 9, error });
    expect(rows().map(({ type, note }) => [type, note])).toEqual([
      ['opened', 'websocket'],
      ['ping', 'echoed'],
      ['ping', undefined],
      ['other', 'malformed'],
      ['closed', 'RELAY_SILENT: No bytes for 10 s.'],
    ]);
    expect(rows()[2]?.continuesFrame).toBe(true);
    expect(inspector.snapshot().messages.byType).toEqual({
      opened: 1,
      ping: 2,
      other: 1,
      closed: 1,
    });
  });

  it('[PANEL-6] stores no token, proof, nonce, key or passkey entry', async () => {
    const proof = { typ: 'maia-auth/1', nonce: 'NONCE' };
    frame('sent', {
      maia: 'auth',
      method: 'account',
      proof,
      agentID: 'sealer_AGENT',
      signature: 'SIGNATURE',
    });
    frame('sent', { maia: 'auth', method: 'jwt', token: 'TOKEN' });
    const auth = { nonce: 'NONCE', methods: ['jwt'], withinMs: 5 };
    frame('received', { maia: 'hello', v: 1, relay: { name: 'r', version: '1' }, auth, later: 'LATER' });
    frame('received', { maia: 'welcome', nonce: 'NONCE', expiresInMs: 5 });
    const everyone = node.createGroup();
    everyone.addMember('everyone', 'reader');
    frame('sent', everyone.core.newContentSince()?.[0] ?? {});
    const entry = contentOf(map) as { header?: object };
    frame('sent', { ...entry, header: { ...entry.header, uniqueness: 'maia/keyring/v1' } });
    const texts = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => inspector.messages.textOf(number)));
    expect(texts.map(({ state }) => state)).toEqual(['kept', 'kept', 'kept', 'kept', 'kept', 'withheld']);
    const said = JSON.stringify(texts);
    expect(said).toContain('keySecret_z[withheld]');
    expect(said).toContain('jwt');
    expect(said).not.toMatch(/NONCE|TOKEN|SIGNATURE|AGENT|LATER|Secret_z[^[]/);
  });

  it('decodes what the app has read, and gives the length of the rest', async () => {
    const transactions = async () => {
      const detail = await inspector.messages.detail(1);
      return detail?.sessions?.flatMap((session) => session.transactions);
    };
    frame('sent', contentOf(map));
    expect(await transactions()).toMatchObject([
      { index: 0, changes: { state: 'read', changes: [{ op: 'set', key: 'name', value: 'Mooring note' }] } },
      { index: 1, changes: { state: 'read', changes: [{ op: 'set', key: 'crane', value: 'Tomas' }] } },
    ]);
    const unread = await createAccountNode();
    const theirs = unread.createGroup().createMap();
    theirs.set('name', 'theirs', 'private');
    frame('received', contentOf(theirs));
    const detail = await inspector.messages.detail(2);
    expect(detail?.sessions?.[0]?.transactions[0]?.changes).toMatchObject({ state: 'encrypted' });
  });

  it('lists where else the identical text was sent', async () => {
    const other = JSON.stringify(contentOf(map));
    const told = (peerID: string, text: string) =>
      sync.frame({ kind: 'sent', peerID, atMs: clock.nowMs(), text });
    frame('sent', contentOf(map));
    told('eu', other.replace(/"madeAt":\d/, '"madeAt":9'));
    told('us', other);
    const detail = await inspector.messages.detail(1);
    expect(detail?.alsoSent?.map(({ relayID }) => relayID)).toEqual(['us']);
  });

  it('hides the kernel’s and groups’ contents', async () => {
    frame('sent', node.createGroup().core.newContentSince()?.[0] ?? {});
    const detail = await inspector.messages.detail(1);
    const states = detail?.sessions?.flatMap(({ transactions }) =>
      transactions.map((own) => own.changes.state),
    );
    expect(new Set(states)).toEqual(new Set(['hidden']));
  });

  it('finds by type, text and pattern, and counts matches', () => {
    frame('sent', contentOf(map), { action: 'load', id: map.id, header: false, sessions: {} });
    frame('received', knownOf(map), { type: 'ping', time: 7 });
    const numbers = (filter: Parameters<typeof inspector.messages.indexOf>[1]) =>
      inspector.messages.read({ filter: filter ?? {} }).rows.map(({ number }) => number);
    expect(numbers({ types: ['content', 'known'] })).toEqual([1, 3]);
    expect(numbers({ text: 'MOORING' })).toEqual([1, 2, 3]);
    expect(numbers({ text: '^(load|ping)', isPattern: true })).toEqual([2, 4]);
    expect(numbers({ text: '(mooring', isPattern: true })).toEqual([]);
    expect(inspector.messages.read({ filter: { text: 'mooring', types: ['load'] } })).toMatchObject({
      ...{ total: 1, byType: { content: 1, load: 1, known: 1 } },
    });
    frame('received', knownOf(map));
    expect(numbers({ text: 'mooring', types: ['known'] })).toEqual([3, 5]);
    expect(inspector.messages.indexOf(5, { text: 'mooring', types: ['known'] })).toBe(1);
    expect(inspector.messages.indexOf(4, { text: 'mooring', types: ['known'] })).toBe(-1);
  });

  it('returns the same object while nothing changes', () => {
    frame('sent', contentOf(map));
    const { messages } = inspector.snapshot();
    expect(inspector.snapshot().messages).toBe(messages);
    frame('received', knownOf(map));
    expect(inspector.snapshot().messages).not.toBe(messages);
  });

  it('reads a long frame piece by piece, in its order', () => {
    let spentMs = 0;
    const slow = createInspector(sync, { clock, stopwatchMs: () => (spentMs += 1) });
    onTestFinished(() => slow.close());
    const messages = Array.from({ length: 1_000 }, (_, time) => ({ type: 'ping', time }));
    frame('received', ...messages);
    frame('received', { maia: 'echoed', t: 5 });
    expect(slow.messages.counts.kept).toBeLessThan(200);
    clock.advance(0);
    expect(slow.messages.counts.kept).toBe(1_001);
    expect(slow.messages.read({ count: 1 }).rows[0]?.note).toBe('echoed');
  });

  it('exports all messages, including unread ones', async () => {
    let ms = 0;
    const slow = createInspector(sync, { clock, stopwatchMs: () => (ms += 3) });
    frame('received', ...Array.from({ length: 200 }, () => knownOf(map)));
    const exported = slow.messages.export({ format: 'ndjson' });
    expect(slow.messages.counts.kept).toBeLessThan(200);
    for (let turn = 0; turn < 20; turn++) {
      await Promise.resolve();
      clock.advance(0);
    }
    expect((await exported).slice(1)).toHaveLength(200);
    slow.close();
  });

  it('lists malformed messages that an app sends past cojson', () => {
    frame('sent', { action: 'content', id: map.id, priority: 3 }, { action: 'known', id: map.id });
    expect(rows()).toMatchObject([
      { type: 'other', note: 'malformed' },
      { type: 'other', note: 'malformed' },
    ]);
  });

  it('ends with the inspector', () => {
    inspector.close();
    frame('sent', contentOf(map));
    expect(inspector.messages.counts.kept).toBe(0);
  });
});
