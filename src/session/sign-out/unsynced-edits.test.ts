import { isKernelError } from '../../base/kernel-error.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

test('[ACC-16] a sign-out right after an edit waits until the connected relay has confirmed it', async () => {
  const session = await sessions.signedUp();
  await session.sync.whenConfirmed();
  const map = session.node.createGroup().createMap({ text: 'Bread' });
  expect(session.sync.current.confirmed.pending).toBeGreaterThan(0);
  await session.signOut();
  expect(sessions.relay.node.getCoValue(map.id).knownState().sessions).toEqual(
    map.core.knownState().sessions,
  );
});

test('[ACC-16] a sign-out right after an edit is refused if no relay is connected', async () => {
  const session = await sessions.signedUp();
  await session.sync.whenConfirmed();
  await sessions.stopRelay();
  await until(() => session.sync.current.status !== 'confirmed');
  const map = session.node.createGroup().createMap({ text: 'Bread' });
  const refused = await session.signOut().catch((error: unknown) => error);
  if (!isKernelError(refused, 'UNSYNCED_CHANGES')) throw refused;
  expect(refused.details.ids).toContain(map.id);
});
