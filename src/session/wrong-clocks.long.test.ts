import type { RawCoMap } from 'cojson';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rootOf } from '../../test/support/session/account-parts.ts';
import { createTestSessions, type TestSessions } from '../../test/support/session/test-sessions.ts';
import { openAgentSession } from './agent/agent-session.ts';
import type { Session } from './session.ts';
import { until } from '../../test/support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await sessions.end();
});

const hourMs = 60 * 60 * 1000;
/** Edits as on a device whose clock is off by `offMs`. */
function setWithClockOff(map: RawCoMap, value: string, offMs: number): void {
  const now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockReturnValue(now + offMs);
  map.set('note', value);
  clock.mockRestore();
}

async function twoDevices(): Promise<readonly [Session, Session]> {
  const first = await sessions.signedUp();
  await until(() =>
    expect(first.sync.current).toMatchObject({ status: 'confirmed', confirmed: { pending: 0 } }),
  );
  return [first, await sessions.signedIn()];
}

test.each([
  ['ahead, the other device’s later edit wins', 19 * hourMs, 0],
  ['behind, its own later edit wins', 0, -19 * hourMs],
])('if a clock is hours %s', async (_, firstOffMs, secondOffMs) => {
  const [one, other] = await twoDevices();
  setWithClockOff(rootOf(one), 'first', firstOffMs);
  await until(() => expect(rootOf(other).get('note')).toBe('first'));
  setWithClockOff(rootOf(other), 'second', secondOffMs);
  expect(rootOf(other).get('note')).toBe('second');
  await until(() => expect(rootOf(one).get('note')).toBe('second'));
});

test('a device’s later edit wins after its clock was set back', async () => {
  const one = await sessions.signedUp({ sync: false });
  setWithClockOff(rootOf(one), 'first', 19 * hourMs);
  setWithClockOff(rootOf(one), 'second', 0);
  expect(rootOf(one).get('note')).toBe('second');
});

test('an agent’s later edit wins even if the user’s clock is hours ahead', async () => {
  const person = await sessions.signedUp();
  setWithClockOff(rootOf(person), 'first', 19 * hourMs);
  await until(() =>
    expect(person.sync.current).toMatchObject({ status: 'confirmed', confirmed: { pending: 0 } }),
  );
  const agent = await openAgentSession({
    accountID: person.accountID,
    agentSecret: person.node.agentSecret,
    sync: { url: sessions.relay.url },
  });
  sessions.onEnd(() => agent.close());
  await agent.node.load(rootOf(person).id);
  await until(() => expect(rootOf(agent).get('note')).toBe('first'));
  rootOf(agent).set('note', 'second');
  expect(rootOf(agent).get('note')).toBe('second');
  await until(() => expect(rootOf(person).get('note')).toBe('second'));
});

test('a burst of edits does not run ahead of the clock', async () => {
  const root = rootOf(await sessions.signedUp({ sync: false }));
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now);
  for (let edit = 0; edit < 50; edit++) root.set('note', edit);
  expect(root.lastEditAt('note')?.at.getTime()).toBe(now);
  expect(root.get('note')).toBe(49);
});

test('cojson corrects the clock by the relay’s pings', async () => {
  const { node } = await sessions.signedUp();
  await until(() => expect(node.getClockOffsetDiagnostics().sampleCount).toBeGreaterThan(0));
  const corrected = vi.spyOn(node.clockOffset, 'currentOffset').mockReturnValue(-hourMs);
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now);
  expect(node.stampNow()).toBe(now - hourMs);
  expect(corrected).toHaveBeenCalled();
});
