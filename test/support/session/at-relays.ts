import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Relay } from '../../../src/relay/index.ts';
import type { Session } from '../../../src/session/session.ts';
import { openRelay } from '../relay/test-relay.ts';
import type { createPeople } from './people.ts';

/** Defines tests twice: with people who are connected to the stock relay of `createTestSessions`, and to ours. */
export function describeAtRelays(
  { connected }: Pick<ReturnType<typeof createPeople>, 'connected'>,
  define: (online: () => Promise<Session>) => void,
): void {
  describe.each(['stock', 'ours'])('at a relay that is %s', (kind) => {
    let relay: Relay | undefined;
    beforeAll(async () => {
      if (kind === 'ours') relay = await openRelay({ storage: 'memory:', drainMs: 0 });
    }, 120_000);
    afterAll(() => relay?.close());
    // Our relay pings by the system’s clock.
    define(() =>
      relay ? connected({ url: relay.url.replace('http', 'ws') }, { clock: systemClock }) : connected());
  });
}
