import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createInspections } from './inspections.ts';
import { OutgoingQueue } from '../outgoing-queue.ts';
import type { KnownState, RawCoID } from '../../../engine/content.ts';

const manySessions: KnownState['sessions'] = Object.fromEntries(
  Array.from({ length: 1_000 }, (_, index) => [`co_zA_session_z${'B'.repeat(80)}${index}`, index]),
);

function setUp() {
  const unread: { readonly bytes: number; readonly read: () => void }[] = [];
  const reads: RawCoID[] = [];
  const held = { bytes: 0, mostBytes: 0 };
  const queue = new OutgoingQueue({
    filter: { mayPass: () => true },
    socket: {
      get bufferedAmount() {
        return unread.reduce((sum, { bytes }) => sum + bytes, 0);
      },
      send: (text, done) => void unread.push({ bytes: text.length, read: () => done?.() }),
      readyState: 1,
      OPEN: 1,
    },
    holds() {},
    added: () => {},
    read: () => {},
    closed: () => {},
  });
  const inspections = createInspections({
    isTakenDown: () => false,
    storage: {
      readCommitted(id) {
        reads.push(id as RawCoID);
        return Promise.resolve({ id: id as RawCoID, header: true, sessions: manySessions });
      },
    },
    logger: silentLogger,
    hasRoom: () => queue.hasRoom(),
    whenRoom: () => queue.whenRoom(),
    holds(bytes) {
      held.bytes = bytes;
      held.mostBytes = Math.max(held.mostBytes, bytes);
    },
    send: (frame) => queue.sendNow(frame),
  });
  return {
    inspections,
    held,
    queue,
    reads,
    /** Lets the client read the frames sent so far. */
    read() {
      for (const { read } of unread.splice(0)) read();
    },
  };
}

const ask = (number: number) => ({ maia: 'inspect', ask: number, id: 'co_zA' }) as const;

it('answers only as fast as the client reads, whatever the size of the answers', async () => {
  const { inspections, queue, held, read } = setUp();
  const answerBytes = JSON.stringify(manySessions).length;
  expect(answerBytes).toBeGreaterThan(90_000);
  for (let number = 1; number <= 50; number++) inspections.take(ask(number), false);
  for (let turn = 0; turn <= 50; turn++) {
    await nextTurn();
    expect(queue.unreadBytes()).toBeLessThan(200_000 + 2 * answerBytes);
    if (turn === 0) expect(inspections.openCount()).toBeGreaterThan(45);
    read();
  }
  expect(inspections.openCount()).toBe(0);
  // Answers count from their reading on.
  expect(held.mostBytes).toBeGreaterThan(40 * answerBytes);
  expect(held.bytes).toBe(0);
});

it('reads nothing for a disconnected client', async () => {
  const { inspections, reads, read } = setUp();
  for (let number = 1; number <= 300; number++) inspections.take(ask(number), false);
  await nextTurn();
  const before = reads.length;
  expect(before).toBe(200);
  inspections.close();
  for (let turn = 0; turn < 5; turn++) {
    read();
    await nextTurn();
  }
  expect(reads.length).toBe(before);
});
