import { addAuthenticator, type SendCommand } from '../../../src/testing/virtual-passkey.ts';

/**
 * Chromium's virtual authenticator answers prompts at once. `on-get`: it supports PRF but returns no value on create, as
 * many real ones do. `isPresent: false`: the user never touches it, so prompts stay open.
 * `isBackedUp: false`: its passkeys never leave it.
 */
export interface VirtualAuthenticatorOptions {
  readonly prf?: 'on-create' | 'on-get' | 'none';
  readonly isUserVerified?: boolean;
  readonly isPresent?: boolean;
  readonly isBackedUp?: boolean;
}

export interface VirtualAuthenticator {
  /** Swaps it for a new one without passkeys. */
  replace(): Promise<void>;
  unplug(): Promise<void>;
}

/**
 * Plugs an authenticator into the page of the CDP session, which may have only one: Chromium asks all of them, and after
 * several unanswered prompts, an authenticator stops working.
 */
export async function plugInAuthenticator(
  protocol: { send: SendCommand },
  options: VirtualAuthenticatorOptions = {},
): Promise<VirtualAuthenticator> {
  const { prf = 'on-create', isUserVerified = true, isPresent = true, isBackedUp = true } = options;
  const send: SendCommand = (method, parameters) => protocol.send(method, parameters);
  const add = () =>
    addAuthenticator(send, {
      isUserVerified,
      automaticPresenceSimulation: isPresent,
      hasPrf: prf === 'on-create',
      hasHmacSecret: prf === 'on-get',
      defaultBackupEligibility: isBackedUp,
      defaultBackupState: isBackedUp,
    });
  let authenticatorId = await add();
  return {
    async replace() {
      await send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      authenticatorId = await add();
    },
    async unplug() {
      await send('WebAuthn.disable');
    },
  };
}
