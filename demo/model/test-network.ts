import { signInWithRecoveryPhrase, signUpWithRecoveryPhrase, type Session } from '@MaiaOS/kernel';
import { createTestRelay } from '@MaiaOS/kernel/testing/node';
import { createTestDevice, type TestDevice } from './test-device.ts';

export interface TestNetwork {
  /** Not connected yet. */
  newAccount(): Promise<TestDevice>;
  /** A second, connected device of the same account, once the relay has what the first one has. */
  sameAccount(device: TestDevice): Promise<TestDevice>;
  end(): Promise<void>;
}

/** Devices that keep nothing, and one relay. */
export async function createTestNetwork(): Promise<TestNetwork> {
  const relay = await createTestRelay();
  const options = { remember: 'never', sync: { url: relay.url } } as const;
  const phrases = new Map<string, string>();
  const opened: Session[] = [];

  function open(session: Session): TestDevice {
    opened.push(session);
    return createTestDevice(session);
  }

  return {
    async newAccount() {
      const { session, phrase } = await signUpWithRecoveryPhrase({ ...options, anotherAccount: true });
      session.sync.pause();
      phrases.set(session.accountID, phrase);
      return open(session);
    },
    async sameAccount({ session: first }) {
      await first.sync.whenConfirmed(String(first.account.get('root')));
      return open(await signInWithRecoveryPhrase(phrases.get(first.accountID) ?? '', options));
    },
    async end() {
      await Promise.all(opened.map((session) => session.close()));
      await relay.close();
    },
  };
}
