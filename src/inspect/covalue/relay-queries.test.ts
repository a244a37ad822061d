import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FrameTap, PeerInspection, SyncInspection } from '../../sync/inspection.ts';
import type { SyncEvent } from '../../sync/sync-events.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import {
  answerTimeoutMs,
  createRelayQueries,
  maxOpenQueries,
  type RelayQueries,
  type Unanswered,
} from './relay-queries.ts';

interface Asked {
  readonly peerID: string;
  readonly ask: number;
  readonly id: string;
}

let clock: FakeClock;
let peers: PeerInspection[];
let asked: Asked[];
let tap: FrameTap | undefined;
let listeners: Set<(event: SyncEvent) => void>;
let inspection: SyncInspection;
let queries: RelayQueries;

const peer = (id: string, change: Partial<PeerInspection> = {}): PeerInspection => ({
  ...{ id, bufferedBytes: 0, unacknowledgedMessages: 0, hello: { inspect: true } },
  ask: (ask, coValueID) => void asked.push({ peerID: id, ask, id: coValueID }),
  ...change,
});

beforeEach(() => {
  clock = createFakeClock();
  peers = [peer('eu'), peer('us')];
  asked = [];
  tap = undefined;
  listeners = new Set();
  inspection = {
    peers: () => peers,
    setFrameTap: (next: FrameTap | undefined) => (tap = next),
    onEvent(listener: (event: SyncEvent) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  } as Partial<SyncInspection> as SyncInspection;
  queries = createRelayQueries({ inspection, isStock: false, clock });
});

const text = (...messages: readonly object[]) => messages.map((each) => JSON.stringify(each)).join('\n');
const receive = (peerID: string, ...messages: readonly object[]) =>
  tap?.({ kind: 'received', peerID, channel: 1, atMs: clock.nowMs(), text: text(...messages) });
const known = { header: true, sessions: { co_zB_session_zC: 5 } };
const answerTo = ({ ask, id }: Asked) => ({ maia: 'inspected', ask, id, known });
const lose = (peerID: string) => {
  for (const listener of [...listeners]) listener({ event: 'disconnect', detail: { peerID } });
};
/** Resolves with the result, or with 'nothing yet' if the query is still open. */
const settledOf = (word: Promise<unknown>) => Promise.race([word, nextTurn('nothing yet')]);
const isListening = () => tap !== undefined && listeners.size > 0;

describe('a question', () => {
  it('is answered by its relay, and listens only while it is open', async () => {
    expect(isListening()).toBe(false);
    const word = queries.ask('eu', 'co_zA');
    expect(isListening()).toBe(true);
    expect(asked).toMatchObject([{ peerID: 'eu', id: 'co_zA' }]);
    clock.advance(30);
    receive('eu', { maia: 'echoed', t: 1 }, ...asked.map(answerTo));
    expect(await word).toEqual({ atMs: clock.nowMs(), known });
    expect(tap).toBeUndefined();
    expect(listeners.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it('reports that the relay has nothing', async () => {
    const word = queries.ask('eu', 'co_zA');
    receive('eu', ...asked.map((each) => ({ ...answerTo(each), known: null })));
    expect(await word).toMatchObject({ known: null });
  });

  it('accepts a synchronous answer', async () => {
    peers = [peer('eu', { ask: (ask, id) => receive('eu', answerTo({ peerID: 'eu', ask, id })) })];
    expect(await queries.ask('eu', 'co_zA')).toMatchObject({ known });
  });

  it('is sent once for several callers', async () => {
    const words = [queries.ask('eu', 'co_zA'), queries.ask('eu', 'co_zA'), queries.ask('us', 'co_zA')];
    expect(asked.map(({ peerID }) => peerID)).toEqual(['eu', 'us']);
    for (const each of asked) receive(each.peerID, answerTo(each));
    for (const word of words) expect(await word).toMatchObject({ known });
    void queries.ask('eu', 'co_zA');
    expect(asked).toHaveLength(3);
  });

  it('ignores malformed answers and those of other relays', async () => {
    const others = createRelayQueries({ inspection, isStock: false, clock });
    const word = queries.ask('eu', 'co_zA');
    const other = others.ask('eu', 'co_zB');
    const [mine, theirs] = asked as [Asked, Asked];
    receive('us', answerTo(mine));
    receive('eu', { ...answerTo(mine), id: 'co_zB' }, { ...answerTo(mine), ask: mine.ask + 1_000 });
    receive('eu', { ...answerTo(mine), known: { header: true, sessions: { me: 5 } } });
    receive('eu', { action: 'known', id: 'co_zA', header: true, sessions: {}, note: 'inspected' });
    tap?.({ kind: 'received', peerID: 'eu', channel: 1, atMs: 1, text: '"inspected' });
    tap?.({ kind: 'sent', peerID: 'eu', channel: 1, atMs: 1, text: text(answerTo(mine)) });
    receive('eu', answerTo(theirs));
    expect(await other).toMatchObject({ known });
    expect(await settledOf(word)).toBe('nothing yet');
    receive('eu', answerTo(mine));
    expect(await word).toMatchObject({ known });
  });
});

describe('no answer', () => {
  it.each<[Unanswered, (usual: PeerInspection) => PeerInspection]>([
    ['not-connected', ({ ask: _, ...usual }) => usual],
    ['stock-relay', ({ hello: _, ...usual }) => usual],
    ['not-offered', (usual) => ({ ...usual, hello: { inspect: false } })],
    ['not-offered', (usual) => ({ ...usual, hello: {} })],
  ])('is returned at once for a relay that cannot be queried: %s', async (unanswered, change) => {
    peers = [change(peer('eu'))];
    expect(await queries.ask('eu', 'co_zA')).toEqual({ atMs: clock.nowMs(), unanswered });
    expect(asked).toEqual([]);
    expect(tap).toBeUndefined();
  });

  it('is returned for peers that the app added itself', async () => {
    const stock = createRelayQueries({ inspection, isStock: true, clock });
    expect(await stock.ask('eu', 'co_zA')).toEqual({ atMs: clock.nowMs(), unanswered: 'stock-node' });
    expect(asked).toEqual([]);
  });

  it('is returned for an unknown relay', async () => {
    expect(await queries.ask('asia', 'co_zA')).toMatchObject({ unanswered: 'not-connected' });
  });

  it('is returned when that relay’s connection ends', async () => {
    const words = [queries.ask('eu', 'co_zA'), queries.ask('us', 'co_zA')] as const;
    lose('eu');
    expect(await words[0]).toMatchObject({ unanswered: 'disconnected' });
    expect(await settledOf(words[1])).toBe('nothing yet');
  });

  it('is returned after a timeout, and a later answer is ignored', async () => {
    const word = queries.ask('eu', 'co_zA');
    clock.advance(answerTimeoutMs - 1);
    expect(await settledOf(word)).toBe('nothing yet');
    clock.advance(1);
    expect(await word).toEqual({ atMs: clock.nowMs(), unanswered: 'timeout' });
    const again = queries.ask('eu', 'co_zA');
    const [late] = asked as [Asked];
    receive('eu', answerTo(late));
    expect(await settledOf(again)).toBe('nothing yet');
  });

  it('is returned beyond the maximum of open queries, which counts per relay', async () => {
    const words = Array.from({ length: maxOpenQueries }, (_, index) =>
      queries.ask('eu', `co_z${'A'.repeat(index + 1)}`),
    );
    expect(await queries.ask('eu', 'co_zB')).toMatchObject({ unanswered: 'too-many' });
    expect(asked).toHaveLength(maxOpenQueries);
    void queries.ask('us', 'co_zB');
    expect(asked).toHaveLength(maxOpenQueries + 1);
    receive('eu', ...asked.map(answerTo));
    await Promise.all(words);
    void queries.ask('eu', 'co_zB');
    expect(asked).toHaveLength(maxOpenQueries + 2);
  });

  it('is returned once it is closed, and no timer is left', async () => {
    const word = queries.ask('eu', 'co_zA');
    queries.close();
    queries.close();
    expect(await word).toMatchObject({ unanswered: 'closed' });
    expect(await queries.ask('eu', 'co_zA')).toMatchObject({ unanswered: 'closed' });
    expect(asked).toHaveLength(1);
    expect(tap).toBeUndefined();
    expect(clock.waiting).toBe(0);
  });
});
