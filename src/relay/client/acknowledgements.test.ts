import type { Peer, SyncMessage } from 'cojson';
import { expect, it, vi } from 'vitest';
import { holdAcknowledgements } from '../held-acknowledgements.ts';

const id = 'co_zA';
const known = { action: 'known', id, header: true, sessions: {} } as const;

/** What is stored stays uncommitted until the test says otherwise; nothing is stored at first. */
function setUp() {
  const waiting: { readonly id: string | undefined; readonly run: () => void }[] = [];
  const sent: (SyncMessage | 'Disconnected')[] = [];
  const pending = new Set<string>();
  const close = vi.fn();
  const peer: Peer = {
    id: 'client',
    role: 'client',
    incoming: { close() {}, onMessage() {}, onClose() {} },
    outgoing: { push: (message) => sent.push(message), close, onClose() {} },
  };
  const held = holdAcknowledgements(peer, {
    afterCommit(asked, run) {
      if (asked === undefined ? pending.size > 0 : pending.has(asked)) waiting.push({ id: asked, run });
      else run();
    },
  });
  return {
    held,
    waiting,
    sent,
    pending,
    close,
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

it('lets content and "not found" go at once', () => {
  const { held, sent, pending } = setUp();
  pending.add(id);
  const content = { action: 'content', id, priority: 0, new: {} } as const;
  held.outgoing.push(content);
  held.outgoing.push({ ...known, header: false });
  held.outgoing.push({ action: 'load', id, header: false, sessions: {} });
  expect(sent).toHaveLength(3);
});

it('holds back what claims content, also when it is only stored after that', async () => {
  const { held, waiting, sent, pending, turn } = setUp();
  const claims: SyncMessage[] = [
    known,
    { ...known, isCorrection: true },
    { ...known, action: 'load' },
    { action: 'reconcile-ack', id: 'batch' },
  ];
  for (const message of claims) held.outgoing.push(message);
  pending.add(id);
  await turn();
  expect(sent).toEqual([]);
  expect(waiting.map((one) => one.id)).toEqual([id, id, id, undefined]);
  for (const { run } of waiting) run();
  expect(sent).toEqual(claims);
});

it('answers at once what is committed already', async () => {
  const { held, sent, turn } = setUp();
  held.outgoing.push(known);
  await turn();
  expect(sent).toEqual([known]);
});

it('sends nothing more to a peer that has gone', async () => {
  const { held, waiting, sent, pending, close, turn } = setUp();
  pending.add(id);
  held.outgoing.push(known);
  await turn();
  held.outgoing.push('Disconnected');
  for (const { run } of waiting) run();
  expect(sent).toEqual([]);
  expect(close).toHaveBeenCalled();
});
