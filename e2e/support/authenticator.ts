import type { Page } from '@playwright/test';

export interface AuthenticatorOptions {
  readonly hasPrf?: boolean;
  /** False: the person refuses each time. */
  readonly isUserVerified?: boolean;
  /** A virtual one answers what is offered by autofill at once, where a person would choose: only for tests of that. */
  readonly hasAutofill?: boolean;
}

export interface Authenticator {
  /** Puts another one in its place, which has none of its passkeys. */
  replace(): Promise<void>;
}

/** A virtual authenticator for this page. It belongs to the page, and stays with it when the page goes to another origin. */
export async function addAuthenticator(
  page: Page,
  options: AuthenticatorOptions = {},
): Promise<Authenticator> {
  const { hasPrf = true, isUserVerified = true, hasAutofill = false } = options;
  if (!hasAutofill) {
    await page.addInitScript(() => {
      if (!('PublicKeyCredential' in globalThis)) return;
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
    });
  }
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const add = async () => {
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified,
        hasPrf,
        automaticPresenceSimulation: true,
      },
    });
    return authenticatorId;
  };
  let authenticatorId = await add();
  return {
    async replace() {
      await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      authenticatorId = await add();
    },
  };
}
