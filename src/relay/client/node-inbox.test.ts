import type { LocalNode, SyncMessage } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { NodeInbox, uncommittedBytes } from './node-inbox.ts';

function setUp() {
  const peer = {};
  const node = { unhandled: 0 };
  const waiting = { count: 0 };
  const syncManager = {
    peers: { 'client-1': peer },
    messagesQueue: {
      peerToQueue: new Map([
        [
          peer,
          {
            get length() {
              return node.unhandled;
            },
          },
        ],
      ]),
    },
  };
  const clock = createFakeClock();
  const held: number[] = [];
  const inbox = new NodeInbox({
    node: { syncManager } as unknown as LocalNode,
    id: 'client-1',
    clock,
    onceWritten: (_, run) => run(),
    committed() {},
    waiting: () => void waiting.count++,
    holds: (bytes) => void held.push(bytes),
  });
  onTestFinished(() => inbox.close());
  const deliver = (length: number) =>
    inbox.deliver({
      ...{ action: 'content', id: 'co_zA', priority: 3 },
      new: {
        s: {
          after: 0,
          lastSignature: 'signature_z',
          newTransactions: [{ privacy: 'trusting', madeAt: 1, changes: 'x'.repeat(length) }],
        },
      },
    } as unknown as SyncMessage);
  return { clock, held, inbox, deliver, node, waiting };
}

it('[RELAY-35] content counts no longer once it is committed, however little a client sends', () => {
  const { clock, held, deliver } = setUp();
  deliver(1_000);
  expect(held.at(-1)).toBeGreaterThan(1_000);
  clock.advance(2_000);
  expect(held.at(-1)).toBe(0);
  expect(clock.waiting).toBe(0);
  deliver(uncommittedBytes / 2);
  expect(held.at(-1)).toBe(0);
});

it('[RELAY-32] a message waits until the node has handled the one before it', () => {
  const { inbox, deliver, node, waiting } = setUp();
  const inNode: unknown[] = [];
  inbox.channel.onMessage((message) => {
    inNode.push(message);
    node.unhandled = 1;
  });
  for (const length of [1, 2, 3]) deliver(length);
  expect([inNode.length, waiting.count]).toEqual([1, 2]);
  expect(inbox.handOn()).toBe(false);
  expect(inNode).toHaveLength(1);
  node.unhandled = 0;
  expect(inbox.hasHandledAll()).toBe(false);
  expect(inbox.handOn()).toBe(true);
  node.unhandled = 0;
  expect(inbox.handOn()).toBe(true);
  expect([inNode.length, inbox.hasWaiting()]).toEqual([3, false]);
  node.unhandled = 0;
  expect(inbox.hasHandledAll()).toBe(true);
});
