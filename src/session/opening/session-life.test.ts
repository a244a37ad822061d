import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { createSessionLife, type SessionLife } from './session-life.ts';
import type { Session } from '../session.ts';
import { createWriteGate } from '../../engine/session-maps/write-gate.ts';

let sessions: TestSessions;
let next: Session;
let life: SessionLife;
let events: string[];
beforeEach(async () => {
  sessions = await createTestSessions();
  next = await sessions.signedUp({ sync: false });
  const { node, sync } = await sessions.signedUp({ sync: false, anotherAccount: true });
  events = [];
  life = createSessionLife({
    node,
    sync,
    edits: createWriteGate(),
    end: () => events.push('end'),
    ended: (isWritten) => events.push(`ended ${isWritten}`),
  });
  life.onReplaced((by) => events.push(by === next ? 'replaced' : 'replaced by another'));
  life.onClosed((reason) => events.push(`closed ${reason?.code ?? 'without a reason'}`));
});
afterEach(() => sessions.end());

test('a session ends before another replaces it, and listeners are notified in order', async () => {
  await life.replaceBy(() => {
    events.push('open');
    return Promise.resolve(next);
  });
  expect(events).toEqual(['end', 'ended true', 'open', 'replaced', 'closed without a reason']);
});

test('a session that cannot be replaced is closed with SESSION_TAKEN and the cause', async () => {
  const cause = new Error('no room');
  const closed = vi.fn();
  life.onClosed(closed);
  await life.replaceBy(() => Promise.reject(cause));
  expect(events).toEqual(['end', 'ended true', 'closed SESSION_TAKEN']);
  expect(closed.mock.calls[0]).toEqual([expect.objectContaining({ cause })]);
});

test('a session closed during its replacement gets no successor', async () => {
  const close = vi.spyOn(next, 'close');
  let opened: ((session: Session) => void) | undefined;
  const replacing = life.replaceBy(() => new Promise((resolve) => void (opened = resolve)));
  await vi.waitFor(() => expect(events).toContain('ended true'));
  const closing = life.close();
  opened?.(next);
  await Promise.all([replacing, closing]);
  expect(events).toEqual(['end', 'ended true', 'closed without a reason']);
  expect(close).toHaveBeenCalledOnce();
});

test('a session that has ended is not replaced', async () => {
  await life.close();
  const open = vi.fn(() => Promise.resolve(next));
  await life.replaceBy(open);
  expect(open).not.toHaveBeenCalled();
});
