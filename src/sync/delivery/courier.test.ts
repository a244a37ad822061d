import type { RawCoID, SyncMessage } from 'cojson';
import type { KnownState } from '../../engine/content.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { covers, type KnownCounts } from '../../engine/known-counts.ts';
import type { FakeClock } from '../../testing/fake-clock.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import { createCourier, firstWaitMs, maxWaitMs, type Courier, type CourierNode } from './courier.ts';
import type { Ladder } from './ladder.ts';

let clock: FakeClock;
let ladder: Ladder;
let courier: Courier;
/** What is stored, and which of it is also in memory. */
let stored: Map<RawCoID, KnownCounts>;
let inMemory: Set<RawCoID>;
let isUnreadable: boolean;
let isHanging: boolean;
let isSettled: boolean;
let disputed: Set<string>;
let leftToOther: Set<string>;
let overdue: Set<string>;
let unanswered: number;
let notHere: RawCoID[];
let sent: SyncMessage[];
/** Loads that have begun, and the callbacks of those that have not ended. */
let loaded: RawCoID[];
let loads: (() => void)[];
let sentAgain: RawCoID[];
let toldStored: (readonly [id: string, counts: KnownCounts])[];

beforeEach(() => {
  ({ clock, ladder } = createTestLadder());
  stored = new Map();
  inMemory = new Set();
  disputed = new Set();
  leftToOther = new Set();
  overdue = new Set();
  unanswered = 0;
  [sent, loaded, loads, sentAgain, toldStored, notHere] = [[], [], [], [], [], []];
  [isUnreadable, isHanging, isSettled] = [false, false, true];
  courier = createCourier({
    node: createFakeNode(),
    ladder,
    relayID: 'r',
    states: {
      read(ids) {
        if (isHanging) return new Promise(() => {});
        if (isUnreadable) return Promise.reject(new DOMException('no data', 'UnknownError'));
        const found = [...stored].filter(([id]) => ids.includes(id));
        return Promise.resolve(new Map(found.map(([id, counts]) => [id, { counts, signatures: {} }])));
      },
      async *ids() {},
    },
    clock,
    onStored: (id, { counts }) => toldStored.push([id, counts]),
    isDisputed: (id) => disputed.has(id),
    isSettled: () => isSettled,
    isLeftToOther: (id) => leftToOther.has(id),
    isOverdue: (id) => overdue.has(id),
    onNotHere: (id) => notHere.push(id),
    onUnanswered: () => unanswered++,
  });
});

function createFakeNode(): CourierNode {
  const askAbout = (state: KnownState) => void sent.push({ action: 'load', ...state });
  return {
    has: (id) => inMemory.has(id),
    ask(id) {
      const { header = 0, ...sessions } = stored.get(id) ?? {};
      askAbout({ id, header: header > 0, sessions });
    },
    askAbout,
    hasAll: (id, counts) => inMemory.has(id) && covers(stored.get(id) ?? {}, counts),
    load(id) {
      loaded.push(id);
      return new Promise<void>((resolve) => loads.push(resolve));
    },
    sendBeyond: ({ id }) => void sentAgain.push(id),
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An edit that was saved earlier. */
function owe(id: RawCoID, need: KnownCounts = { header: 1, a: 2 }, isLoaded = false): void {
  stored.set(id, need);
  if (isLoaded) inMemory.add(id);
  ladder.recalled(id, { sinceMs: 0, need, confirmed: new Map(), generations: new Map() });
}

/** The relay reports that it has this much. */
function answer(id: RawCoID, counts: KnownCounts): void {
  const { header = 0, ...sessions } = counts;
  ladder.confirmed(id, counts, 'r');
  courier.handled({ action: 'known', id, header: header > 0, sessions });
}

async function connect(): Promise<void> {
  courier.connected();
  await turn();
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await turn();
}

/** IDs asked about since the last call. */
const asked = () => sent.splice(0).map((message) => ('id' in message ? message.id : ''));
const ids = (count: number, prefix = '') =>
  Array.from({ length: count }, (_, at): RawCoID => `co_z${prefix}${at}`);

describe('what is only stored', () => {
  it('is asked about at once, with what is stored, and not loaded if the relay has it', async () => {
    owe('co_z1');
    owe('co_z2', { b: 1 });
    await connect();
    expect(toldStored).toEqual([...stored]);
    expect(sent).toEqual([
      { action: 'load', id: 'co_z1', header: true, sessions: { a: 2 } },
      { action: 'load', id: 'co_z2', header: false, sessions: { b: 1 } },
    ]);
    answer('co_z1', { header: 1, a: 2 });
    answer('co_z2', { header: 1, b: 3 });
    await pass(maxWaitMs);
    expect([sent.length, loaded, ladder.pending.size]).toEqual([2, [], 0]);
  });

  it('is loaded if the relay lacks some of it', async () => {
    owe('co_z1');
    owe('co_z2');
    await connect();
    answer('co_z1', { header: 1, a: 2 });
    answer('co_z2', { header: 1, a: 1 });
    expect(loaded).toEqual(['co_z2']);
  });

  it('[CONF-19] is not answered by an acknowledgement that names only some sessions', async () => {
    owe('co_z1', { header: 1, a: 2, b: 1 }, true);
    owe('co_z2', { header: 1, a: 2, b: 1 });
    await connect();
    await pass(firstWaitMs);
    expect(new Set(asked())).toEqual(new Set(['co_z1', 'co_z2']));
    for (const id of ['co_z1', 'co_z2'] as const)
      courier.handled({
        action: 'known',
        id,
        header: true,
        sessions: { a: 2 },
        partial: true,
      } as SyncMessage);
    expect([sentAgain, loaded]).toEqual([[], []]);
    answer('co_z2', { header: 1, a: 2 });
    expect(loaded).toEqual(['co_z2']);
  });

  it('is loaded if nothing of it is found, because the content may be in memory soon', async () => {
    owe('co_z1');
    stored.clear();
    await connect();
    expect([asked(), loaded]).toEqual([[], ['co_z1']]);
  });

  it('is reported as not here if it was not all found', async () => {
    owe('co_z1');
    owe('co_z2');
    stored.delete('co_z1');
    await connect();
    answer('co_z2', {});
    inMemory.add('co_z2');
    for (const end of loads) end();
    await pass(0);
    expect([loaded, notHere]).toEqual([['co_z1', 'co_z2'], ['co_z1']]);
  });

  it('is not loaded because of an answer that nobody asked for', async () => {
    await connect();
    owe('co_z1');
    answer('co_z1', {});
    expect(loaded).toEqual([]);
  });

  it('is asked about later if it cannot be read', async () => {
    owe('co_z1');
    isUnreadable = true;
    await connect();
    await pass(firstWaitMs);
    expect([asked(), loaded]).toEqual([[], []]);
    isUnreadable = false;
    await pass(2 * firstWaitMs);
    expect(asked()).toEqual(['co_z1']);
  });

  it('is asked about without a pause if the courier is woken while it reads', async () => {
    for (const id of ids(1_200)) owe(id);
    courier.connected();
    courier.wake();
    const all: string[] = [];
    for (let round = 0; round < 10; round++) {
      await turn();
      const batch = asked();
      all.push(...batch);
      for (const id of batch) answer(id as RawCoID, { header: 1, a: 2 });
    }
    expect(all).toEqual(ids(1_200));
  });

  it('is asked about on the next connection if a read of the one before never ends', async () => {
    owe('co_z1');
    isHanging = true;
    await connect();
    courier.lost();
    isHanging = false;
    await connect();
    expect(asked()).toEqual(['co_z1']);
  });

  it('is asked about once if a read ends after its connection', async () => {
    owe('co_z1');
    courier.connected();
    courier.lost();
    await connect();
    expect(asked()).toEqual(['co_z1']);
  });

  it('is asked about at once beside hundreds of which nothing is found', async () => {
    for (const id of ids(600, 'Missing')) owe(id);
    stored.clear();
    owe('co_z1');
    await connect();
    expect(asked()).toEqual(['co_z1']);
  });

  it('is loaded a hundred at a time, and the rest after those', async () => {
    const all = ids(250);
    for (const id of all) owe(id);
    await connect();
    for (const id of all) answer(id, {});
    expect(loaded).toEqual(all.slice(0, 100));
    for (const done of loads.splice(0, 60)) done();
    await turn();
    expect(loaded).toEqual(all.slice(0, 160));
    for (const done of loads.splice(0)) done();
    await turn();
    expect(loaded).toEqual(all);
  });
});

describe('what is in memory', () => {
  it('is asked about once the relay has been silent for 5 s, because cojson sends it', async () => {
    owe('co_z1', { a: 1 }, true);
    await connect();
    await pass(firstWaitMs - 1_000);
    courier.handled({ action: 'known', id: 'co_zOther', header: true, sessions: {} });
    await pass(firstWaitMs - 1_000);
    expect(asked()).toEqual([]);
    await pass(1_000);
    expect(sent).toEqual([{ action: 'load', id: 'co_z1', header: false, sessions: { a: 1 } }]);
    answer('co_z1', {});
    expect(loaded).toEqual([]);
  });
});

describe('a question', () => {
  it('is asked about after 80 s at a relay that is never silent', () => {
    owe('co_zLoaded', undefined, true);
    courier.connected();
    for (let ms = 0; ms < maxWaitMs; ms += 1_000) {
      expect(sent).toEqual([]);
      courier.handled({ action: 'known', id: 'co_zOther', header: true, sessions: {} });
      clock.advance(1_000);
    }
    expect(sent).toHaveLength(1);
  });

  it('is asked about while the storage hangs', async () => {
    owe('co_zStored');
    owe('co_zLoaded', undefined, true);
    isHanging = true;
    courier.connected();
    clock.advance(firstWaitMs);
    await turn();
    expect(sent.map((message) => 'id' in message && message.id)).toEqual(['co_zLoaded']);
  });

  it('is asked again after 5, 10, 20, 40, 80 and again 80 s', async () => {
    owe('co_z1');
    await connect();
    expect(asked()).toEqual(['co_z1']);
    for (const waitMs of [5, 10, 20, 40, 80, 80, 80].map((times) => times * 1_000)) {
      await pass(waitMs - 1_000);
      expect(asked()).toEqual([]);
      await pass(1_000);
      expect(asked()).toEqual(['co_z1']);
    }
  });

  it('[CONN-15] needs another connection once five questions in a row had no answer, and the next time ten', async () => {
    owe('co_z1', undefined, true);
    await connect();
    await pass(firstWaitMs + 154_000);
    expect(unanswered).toBe(0);
    await pass(1_000);
    expect(unanswered).toBe(1);
    courier.lost();
    await connect();
    await pass(firstWaitMs + 554_000);
    expect(unanswered).toBe(1);
    await pass(1_000);
    expect(unanswered).toBe(2);
  });

  it('needs no other connection if the relay answers that it lacks it', async () => {
    owe('co_z1');
    await connect();
    for (let answers = 0; answers < 10; answers++) {
      await pass(maxWaitMs);
      courier.handled({ action: 'known', id: 'co_z1', header: false, sessions: {} });
    }
    expect(unanswered).toBe(0);
  });

  it('is asked at the first interval again on the next connection', async () => {
    owe('co_z1');
    await connect();
    await pass(maxWaitMs);
    asked();
    courier.lost();
    await connect();
    await pass(firstWaitMs);
    expect(asked()).toEqual(['co_z1', 'co_z1']);
  });

  it('is one of at most 500 without an answer', async () => {
    const all = ids(600);
    for (const id of all) owe(id);
    await connect();
    expect(asked()).toEqual(all.slice(0, 500));
    for (const id of all.slice(0, 250)) answer(id, { header: 1, a: 2 });
    await pass(1);
    expect(asked()).toEqual([]);
    answer('co_z250', { header: 1, a: 2 });
    await turn();
    expect(asked()).toEqual(all.slice(500));
  });

  it.each([false, true])(
    'does not hold up others if it never gets an answer (in memory: %s)',
    async (isLoaded) => {
      for (const id of ids(500)) owe(id, undefined, isLoaded);
      await connect();
      if (isLoaded) await pass(firstWaitMs);
      expect(asked()).toHaveLength(500);
      const late = ids(20, 'Late');
      for (const id of late) owe(id);
      await pass(firstWaitMs);
      const again = asked();
      expect(again).toEqual(expect.arrayContaining(late));
      // What is in memory needs no read before it is asked about.
      if (!isLoaded) expect(again.slice(0, 20)).toEqual(late);
    },
  );

  it('makes room if the relay refuses the edits, or another tab announces them as confirmed', async () => {
    const all = ids(500);
    for (const id of all) owe(id);
    await connect();
    asked();
    owe('co_zLate');
    for (const id of all.slice(0, 250)) ladder.confirmed(id, { header: 1, a: 2 }, 'r');
    const refused = createKernelError('RELAY_REFUSED', 'The relay refused the edit.');
    for (const id of all.slice(250)) ladder.failed(id, refused, 'r');
    await pass(1_000);
    expect(asked()).toEqual(['co_zLate']);
  });
});

describe('what another tab was to upload', () => {
  it('is asked about within a second after its lease, also if it is in memory and the relay is busy', async () => {
    owe('co_z1', { a: 1 }, true);
    leftToOther.add('co_z1');
    await connect();
    await pass(500);
    leftToOther.clear();
    overdue.add('co_z1');
    courier.handled({ action: 'known', id: 'co_zOther', header: true, sessions: {} });
    await pass(1_000);
    expect(asked()).toEqual(['co_z1']);
  });
});

describe('nothing is asked', () => {
  it('about edits that this relay has confirmed or refused, or that another tab uploads', async () => {
    ladder.useRelays(['r', 's']);
    for (const id of ['co_zConfirmed', 'co_zRefused', 'co_zLeft', 'co_zMine'] as const) owe(id);
    ladder.confirmed('co_zConfirmed', { header: 1, a: 2 }, 'r');
    ladder.failed('co_zRefused', createKernelError('RELAY_REFUSED', 'The relay refused the edit.'), 'r');
    leftToOther.add('co_zLeft');
    await connect();
    expect(asked()).toEqual(['co_zMine']);
    leftToOther.clear();
    await pass(1_000);
    expect(asked()).toEqual(['co_zLeft']);
  });

  it('without a connection', async () => {
    owe('co_z1');
    courier.wake();
    await pass(maxWaitMs);
    expect([sent, clock.waiting]).toEqual([[], 0]);
    courier.connected();
    courier.lost();
    await pass(maxWaitMs);
    expect([sent, loaded, clock.waiting]).toEqual([[], [], 0]);
  });

  it('before the ladder counts what earlier runs left behind', async () => {
    owe('co_z1');
    isSettled = false;
    await connect();
    courier.wake();
    await pass(maxWaitMs);
    expect(sent).toEqual([]);
    isSettled = true;
    courier.wake();
    await turn();
    expect(asked()).toEqual(['co_z1']);
  });
});

describe('what is in memory and was sent', () => {
  const all = { header: 1, a: 2 };
  async function asksAgain(): Promise<void> {
    owe('co_z1', all, true);
    await connect();
    ladder.sent('co_z1', all, 'r');
    await pass(1_000);
    await pass(firstWaitMs);
    expect(asked()).toEqual(['co_z1']);
  }

  it('is sent again if the relay says later that it lacks it', async () => {
    await asksAgain();
    answer('co_z1', { header: 1, a: 1 });
    expect(sentAgain).toEqual(['co_z1']);
    // An acknowledgement of what was sent before says nothing about what has been sent again.
    answer('co_z1', { header: 1, a: 1 });
    expect([sentAgain, loaded]).toEqual([['co_z1'], []]);
  });

  it('is not sent again before all of it has left this device', async () => {
    owe('co_z1', all, true);
    await connect();
    await pass(1_000);
    await pass(firstWaitMs);
    expect(asked()).toEqual(['co_z1']);
    ladder.sent('co_z1', all, 'r');
    answer('co_z1', { header: 1, a: 1 });
    expect(sentAgain).toEqual([]);
  });

  it('is asked about again after the relay refused it for lack of room, and not after other refusals', async () => {
    await asksAgain();
    for (const [code, expected] of [
      ['RELAY_LIMIT', ['co_z1']],
      ['RELAY_REFUSED', []],
    ] as const) {
      ladder.failed('co_z1', createKernelError(code, 'refused'), 'r');
      await pass(2 * maxWaitMs);
      expect([...new Set(asked())]).toEqual(expected);
    }
  });

  it('is read again if memory lacks what another tab has stored', async () => {
    await asksAgain();
    stored.set('co_z1', { header: 1, a: 1 });
    answer('co_z1', { header: 1, a: 1 });
    expect([loaded, sentAgain]).toEqual([['co_z1'], []]);
  });
});
