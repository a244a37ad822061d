import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Connection } from '../client/client-connection.ts';
import type { CommitAttempts } from '../storage/commits/commit-retries.ts';
import { checkIntervalMs, watchForOutage } from './storage-outage.ts';

/** A storage whose attempts the test sets, and six clients. */
function setUp() {
  const clock = createFakeClock();
  const storage: { attempts: CommitAttempts[] } = { attempts: [] };
  const connections = new Map<string, Connection>();
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) connections.set(id, { id } as unknown as Connection);
  const began = vi.fn();
  const gone: Connection[] = [];
  const disconnect = (connection: Connection) => void gone.push(connection);
  const work = { isMaintaining: false };
  const isMaintaining = () => work.isMaintaining;
  const outage = watchForOutage({ storage, connections, isMaintaining, clock, began, disconnect });
  return {
    outage,
    work,
    gone,
    began,
    clock,
    connections,
    set: (...attempts: CommitAttempts[]) => (storage.attempts = attempts),
    pass(ms: number) {
      for (let passed = 0; passed < ms; passed += checkIntervalMs) clock.advance(checkIntervalMs);
    },
  };
}

it('[RELAY-50] keeps the clients through two failures, and through any number within five seconds', () => {
  const { outage, gone, set, pass } = setUp();
  set({ begunMs: 0, failures: 2, firstFailureMs: 0 });
  pass(14_000);
  set({ begunMs: 13_000, failures: 100, firstFailureMs: 10_000 });
  expect(gone).toEqual([]);
  expect(outage.isOn).toBe(false);
  set();
  pass(60_000);
  expect(gone).toEqual([]);
});

it('[RELAY-50] disconnects a quarter a second after three failures over five seconds, until commits succeed', () => {
  const { outage, gone, began, set, pass } = setUp();
  set({ begunMs: 0, failures: 3, firstFailureMs: 0 }, { begunMs: 0, failures: 0, firstFailureMs: 0 });
  pass(4_000);
  expect(gone).toEqual([]);
  pass(1_000);
  expect(outage.isOn).toBe(true);
  expect(gone).toHaveLength(2);
  pass(1_000);
  expect(gone).toHaveLength(4);
  set();
  expect(outage.isOn).toBe(false);
  pass(3_000);
  expect(gone).toHaveLength(4);
  expect(began).toHaveBeenCalledOnce();

  set({ begunMs: 0, failures: 3, firstFailureMs: 0 });
  pass(4_000);
  expect(new Set(gone)).toHaveProperty('size', 6);
  expect(began).toHaveBeenCalledTimes(2);
});

it('[RELAY-50] disconnects them when a commit gets no answer for 15 s', () => {
  const { outage, gone, clock, set, pass } = setUp();
  set({ begunMs: 0, failures: 0, firstFailureMs: 0 });
  pass(14_000);
  expect(gone).toEqual([]);
  pass(4_000);
  expect(new Set(gone)).toHaveProperty('size', 6);
  expect(gone).toHaveLength(6);
  outage.stop();
  expect(clock.waiting).toBe(0);
});

it('keeps the clients while the database does work of its own, and for 15 s after it', () => {
  const { outage, gone, work, set, pass } = setUp();
  work.isMaintaining = true;
  set({ begunMs: 0, failures: 0, firstFailureMs: 0 });
  pass(60_000);
  work.isMaintaining = false;
  pass(14_000);
  expect(outage.isOn).toBe(false);
  expect(gone).toEqual([]);
  pass(1_000);
  expect(outage.isOn).toBe(true);
});
