/** How Chromium's virtual authenticator behaves. Its prompts are answered at once, by a person who is there. */
export interface VirtualAuthenticatorOptions {
  /** `on-get`: it has PRF and gives no value on create, as many real ones. */
  readonly prf?: 'on-create' | 'on-get' | 'none';
  readonly isUserVerified?: boolean;
  /** False: nobody touches it, so a prompt stays open. */
  readonly isPresent?: boolean;
}

/** What of a CDP session is needed; Vitest's `cdp()` and Playwright's are ones. */
export interface DevtoolsProtocol {
  send(method: 'WebAuthn.enable' | 'WebAuthn.disable'): Promise<unknown>;
  send(
    method: 'WebAuthn.addVirtualAuthenticator',
    parameters: { readonly options: AuthenticatorParameters },
  ): Promise<{ readonly authenticatorId: string }>;
}

interface AuthenticatorParameters {
  protocol: 'ctap2';
  ctap2Version: 'ctap2_1';
  transport: 'internal';
  hasResidentKey: boolean;
  hasUserVerification: boolean;
  isUserVerified: boolean;
  automaticPresenceSimulation: boolean;
  hasPrf: boolean;
  hasHmacSecret: boolean;
}

/** Plugs an authenticator into this page, in place of any other. Returns the way to unplug it. */
export async function plugInAuthenticator(
  protocol: DevtoolsProtocol,
  options: VirtualAuthenticatorOptions = {},
): Promise<() => Promise<void>> {
  const { prf = 'on-create', isUserVerified = true, isPresent = true } = options;
  await protocol.send('WebAuthn.enable');
  await protocol.send('WebAuthn.addVirtualAuthenticator', {
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
    },
  });
  return async () => {
    await protocol.send('WebAuthn.disable');
  };
}
