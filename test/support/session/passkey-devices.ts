import { readPasskeys } from '../../../src/session/account/kernel-map.ts';
import { createSessionCrypto } from '../../../src/engine/session-crypto.ts';
import { keyringOf, type Keyring } from '../../../src/session/keyring/keyring-keys.ts';
import type { Session } from '../../../src/session/session.ts';
import type { SessionOptions, SignUpOptions } from '../../../src/session/session-options.ts';
import { signIn } from '../../../src/session/sign-in.ts';
import { signUp } from '../../../src/session/sign-up/sign-up.ts';
import { kernelMapOf } from './account-parts.ts';
import {
  createFakePasskeys,
  type FakePasskeys,
  type FakePasskeysOptions,
} from '../platform/fake-passkeys.ts';
import { createTestSessions, type TestSessions } from './test-sessions.ts';

/** A passkey provider that still offers removed passkeys, as most do. */
export function keeper(name: string, options: FakePasskeysOptions = {}): FakePasskeys {
  return createFakePasskeys({ name, hasSignals: false, ...options });
}

export const idsOf = (session: Session) => session.passkeys.state.current.passkeys.map(({ id }) => id);

export async function keyringIn(session: Session, id: string): Promise<Keyring> {
  const passkey = readPasskeys(kernelMapOf(session)).find(({ credentialID }) => credentialID === id);
  if (!passkey) throw new Error('no such passkey');
  return keyringOf(await createSessionCrypto(), passkey.removalSecret);
}

/** Devices of one person with several passkey providers. */
export async function createPasskeyDevices() {
  const sessions: TestSessions = await createTestSessions();
  const laptop = keeper('laptop');
  const online = () => ({ sync: { url: sessions.relay.url } });

  async function opened(opening: Promise<Session>): Promise<Session> {
    const session = await opening;
    sessions.onEnd(() => session.close());
    return session;
  }

  /** Signs in with one provider. Set `platform.passkeys` to switch to another, as with a phone next to a laptop. */
  async function changingKeeper(passkeys: FakePasskeys) {
    const platform = { ...sessions.device(), passkeys };
    return { platform, session: await opened(signIn(platform, online())) };
  }

  return {
    sessions,
    laptop,
    online,
    opened,
    changingKeeper,
    signedUpWith: (passkeys: FakePasskeys, options: SignUpOptions = online()) =>
      opened(signUp(sessions.device({ passkeys }), options)),
    signedInWith: (passkeys: FakePasskeys, options: SessionOptions = online()) =>
      opened(signIn(sessions.device({ passkeys }), options)),
    /** Opens the account on another device with the laptop's passkey. `passkeys` handles the next ceremonies. */
    async secondDevice(passkeys: FakePasskeys): Promise<Session> {
      const { platform, session } = await changingKeeper(laptop);
      platform.passkeys = passkeys;
      return session;
    },
  };
}

export type PasskeyDevices = Awaited<ReturnType<typeof createPasskeyDevices>>;
