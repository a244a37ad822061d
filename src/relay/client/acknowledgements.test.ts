import type { Peer, SyncMessage } from 'cojson';
import type { Content } from '../../engine/content.ts';
import { expect, it, vi } from 'vitest';
import { delayAcknowledgements } from './acknowledgements.ts';

const id = 'co_zA';
const known = { action: 'known', id, header: true, sessions: {} } as const;

/** Stored content stays uncommitted until the test runs `waiting`. Nothing is pending at first. */
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
  const held = new Map<Content, Content>();
  const afterCommit = (asked: string | undefined, run: () => void) => {
    if (asked === undefined ? pending.size > 0 : pending.has(asked)) waiting.push({ id: asked, run });
    else run();
  };
  const acknowledgements = delayAcknowledgements(
    peer,
    { afterCommit, onceWritten: afterCommit },
    (content) => (held.has(content) ? () => held.get(content) ?? content : undefined),
  );
  return {
    held,
    delayed: acknowledgements.peer,
    waiting,
    sent,
    pending,
    close,
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

it('sends content and "not found" immediately', () => {
  const { delayed, sent, pending } = setUp();
  pending.add(id);
  const content = { action: 'content', id, priority: 0, new: {} } as const;
  delayed.outgoing.push(content);
  delayed.outgoing.push({ ...known, header: false });
  delayed.outgoing.push({ action: 'load', id, header: false, sessions: {} });
  expect(sent).toHaveLength(3);
});

it('[RELAY-26] sends content that is held back after the commit, and other content of the CoValue behind it', () => {
  const { delayed, waiting, sent, pending, held } = setUp();
  pending.add(id);
  const [first, second, other] = [id, id, 'co_zB' as const].map(
    (of) => ({ action: 'content', id: of, priority: 3, new: {} }) as Content,
  ) as [Content, Content, Content];
  const stored: Content = { ...first, priority: 6 };
  held.set(first, stored);
  for (const content of [first, second, other]) delayed.outgoing.push(content);
  expect(sent).toEqual([other]);
  for (const { run } of waiting) run();
  expect(sent).toEqual([other, stored, second]);
  delayed.outgoing.push(second);
  expect(sent).toHaveLength(4);
});

it('delays messages that claim content, even if it is stored after the message', async () => {
  const { delayed, waiting, sent, pending, turn } = setUp();
  const claims: SyncMessage[] = [
    known,
    { ...known, isCorrection: true },
    { ...known, action: 'load' },
    { action: 'reconcile-ack', id: 'batch' },
  ];
  for (const message of claims) delayed.outgoing.push(message);
  pending.add(id);
  await turn();
  expect(sent).toEqual([]);
  expect(waiting.map((one) => one.id)).toEqual([id, id, id, undefined]);
  for (const { run } of waiting) run();
  expect(sent).toEqual(claims);
});

it('acknowledges committed content immediately', async () => {
  const { delayed, sent, turn } = setUp();
  delayed.outgoing.push(known);
  await turn();
  expect(sent).toEqual([known]);
});

it('sends nothing to a disconnected peer', async () => {
  const { delayed, waiting, sent, pending, close, turn } = setUp();
  pending.add(id);
  delayed.outgoing.push(known);
  await turn();
  delayed.outgoing.push('Disconnected');
  for (const { run } of waiting) run();
  expect(sent).toEqual([]);
  expect(close).toHaveBeenCalled();
});
