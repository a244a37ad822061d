import type { Platform } from '../../../src/platform/platform.ts';
import type { Session } from '../../../src/session/session.ts';
import type { SignUpOptions } from '../../../src/session/session-options.ts';
import { signUp } from '../../../src/session/sign-up/sign-up.ts';
import { createFakePasskeys } from '../platform/fake-passkeys.ts';
import type { TestSessions } from './test-sessions.ts';

/** Opens sessions of different people, each on another device, until the test ends. */
export function createPeople(current: () => TestSessions) {
  let count = 0;

  async function person(
    sync: SignUpOptions['sync'] = { url: current().relay.url },
    changes: Partial<Platform> = {},
  ): Promise<Session> {
    // Passkeys of the same name would open the same account.
    const device = current().device({
      passkeys: createFakePasskeys({ name: `person-${++count}` }),
      ...changes,
    });
    const session = await signUp(device, { sync });
    current().onEnd(() => session.close());
    return session;
  }

  async function connected(...options: Parameters<typeof person>): Promise<Session> {
    const session = await person(...options);
    await session.sync.whenConfirmed();
    return session;
  }

  return { person, connected };
}
