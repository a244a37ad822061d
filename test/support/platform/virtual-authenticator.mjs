/**
 * Chromium's virtual authenticator answers prompts at once. `on-get`: it supports PRF but returns no value on create, as
 * many real ones do. `isPresent: false`: the user never touches it, so prompts stay open.
 * `isBackedUp: false`: its passkeys never leave it.
 * @typedef {{
 *   readonly prf?: 'on-create' | 'on-get' | 'none',
 *   readonly isUserVerified?: boolean,
 *   readonly isPresent?: boolean,
 *   readonly isBackedUp?: boolean,
 * }} VirtualAuthenticatorOptions
 */

/**
 * The CDP session commands that are used, from Vitest's `cdp()` or Playwright.
 * @typedef {{
 *   send(method: 'WebAuthn.enable' | 'WebAuthn.disable'): Promise<unknown>,
 *   send(
 *     method: 'WebAuthn.addVirtualAuthenticator',
 *     parameters: { readonly options: AuthenticatorParameters },
 *   ): Promise<{ readonly authenticatorId: string }>,
 *   send(
 *     method: 'WebAuthn.removeVirtualAuthenticator',
 *     parameters: { readonly authenticatorId: string },
 *   ): Promise<unknown>,
 * }} DevtoolsProtocol
 */

/**
 * @typedef {{
 *   protocol: 'ctap2',
 *   ctap2Version: 'ctap2_1',
 *   transport: 'internal',
 *   hasResidentKey: boolean,
 *   hasUserVerification: boolean,
 *   isUserVerified: boolean,
 *   automaticPresenceSimulation: boolean,
 *   hasPrf: boolean,
 *   hasHmacSecret: boolean,
 *   defaultBackupEligibility: boolean,
 *   defaultBackupState: boolean,
 * }} AuthenticatorParameters
 */

/**
 * `replace` swaps it for a new one without passkeys.
 * @typedef {{ replace(): Promise<void>, unplug(): Promise<void> }} VirtualAuthenticator
 */

/**
 * Plugs an authenticator into the page of the CDP session, which may have only one: Chromium asks all of them, and after
 * several unanswered prompts, an authenticator stops working.
 * @param {DevtoolsProtocol} protocol @param {VirtualAuthenticatorOptions} [options]
 * @returns {Promise<VirtualAuthenticator>}
 */
export async function plugInAuthenticator(protocol, options = {}) {
  const { prf = 'on-create', isUserVerified = true, isPresent = true, isBackedUp = true } = options;
  const add = () =>
    protocol.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified,
        automaticPresenceSimulation: isPresent,
        hasPrf: prf === 'on-create',
        hasHmacSecret: prf === 'on-get',
        defaultBackupEligibility: isBackedUp,
        defaultBackupState: isBackedUp,
      },
    });
  await protocol.send('WebAuthn.enable');
  let { authenticatorId } = await add();
  return {
    async replace() {
      await protocol.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      ({ authenticatorId } = await add());
    },
    async unplug() {
      await protocol.send('WebAuthn.disable');
    },
  };
}
