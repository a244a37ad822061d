import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Session } from '../../../src/session/session.ts';
import { createTestRelay, type TestRelay } from '../../../src/testing/node.ts';
import { createTestSession, type TestSessionOptions } from '../../../src/testing/test-session.ts';

/** A relay for a file's tests, and sessions that close after each. */
export function useTestRelay() {
  let relay: TestRelay;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    relay = await createTestRelay();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => relay.close());

  const onEnd = (end: () => unknown): void => void ends.push(end);

  function kept<S extends Session>(session: S): S {
    onEnd(() => session.close());
    return session;
  }

  return {
    url: () => relay.url,
    /** Runs after the test, in reverse order of registration. */
    onEnd,
    /** Closes the session after the test. */
    kept,
    openSession: async (options: TestSessionOptions = {}) =>
      kept(await createTestSession({ relayUrl: relay.url, ...options })),
  };
}
