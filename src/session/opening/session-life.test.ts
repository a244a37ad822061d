import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { createSessionLife, type SessionLife } from './session-life.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { Session } from '../session.ts';
import { createWriteGate } from '../../engine/session-maps/write-gate.ts';
import { until } from '../../../test/support/until.ts';

let sessions: TestSessions;
let next: Session;
let sync: SyncPeers;
let life: SessionLife;
let events: string[];
beforeEach(async () => {
  sessions = await createTestSessions();
  next = await sessions.signedUp({ sync: false });
  const session = await sessions.signedUp({ sync: false, anotherAccount: true });
  const { node } = session;
  ({ sync } = session);
  events = [];
  life = createSessionLife({
    node,
    sync,
    edits: createWriteGate(),
    end: () => events.push('end'),
    ended: (isWritten) => events.push(`ended ${isWritten}`),
    left: () => events.push('left'),
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
  expect(events).toEqual(['end', 'ended true', 'open', 'replaced', 'left', 'closed without a reason']);
});

test('a session that cannot be replaced is closed with SESSION_TAKEN and the cause', async () => {
  const cause = new Error('no room');
  const closed = vi.fn();
  life.onClosed(closed);
  await life.replaceBy(() => Promise.reject(cause));
  expect(events).toEqual(['end', 'ended true', 'left', 'closed SESSION_TAKEN']);
  expect(closed.mock.calls[0]).toEqual([expect.objectContaining({ cause })]);
});

test('a session closed during its replacement gets no successor', async () => {
  const close = vi.spyOn(next, 'close');
  let opened: ((session: Session) => void) | undefined;
  const replacing = life.replaceBy(() => new Promise((resolve) => void (opened = resolve)));
  await until(() => expect(events).toContain('ended true'));
  const closing = life.close();
  opened?.(next);
  await Promise.all([replacing, closing]);
  expect(events).toEqual(['end', 'ended true', 'left', 'closed without a reason']);
  expect(close).toHaveBeenCalledOnce();
});

test('[ACC-25] a session signed out during its replacement reports the sign-out', async () => {
  let fail: ((error: Error) => void) | undefined;
  const replacing = life.replaceBy(() => new Promise((_, reject) => void (fail = reject)));
  await until(() => expect(events).toContain('ended true'));
  const closing = life.close(createKernelError('SESSION_CLOSED', 'Signed out.'));
  fail?.(new Error('nothing to open'));
  await Promise.all([replacing, closing, life.whenEnded()]);
  expect(events).toEqual(['end', 'ended true', 'left', 'closed SESSION_CLOSED']);
});

test('[LADDER-12] a session ends as usual, although edits have not reached the rung', async () => {
  const close = vi.spyOn(sync, 'close').mockRejectedValueOnce(createKernelError('TIMEOUT', 'Not sent.'));
  const options = { until: 'sent', timeoutMs: 5 } as const;
  await expect(life.close(undefined, options)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(life.close()).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(close).toHaveBeenCalledExactlyOnceWith(options);
  expect(events).toEqual(['end', 'ended true', 'left', 'closed without a reason']);
});

test('a session stays open if `until` is no rung to wait for', async () => {
  await expect(life.close(undefined, { until: 'delivered' as 'sent' })).rejects.toThrow(TypeError);
  expect(events).toEqual([]);
});

test('a session that has ended is not replaced', async () => {
  await life.close();
  const open = vi.fn(() => Promise.resolve(next));
  await life.replaceBy(open);
  expect(open).not.toHaveBeenCalled();
});
