import type { Page } from '@playwright/test';

export interface AuthenticatorOptions {
  readonly hasPrf?: boolean;
  /** False: the person refuses each time. */
  readonly isUserVerified?: boolean;
}

/** A virtual authenticator for this page. It belongs to the page, and stays with it when the page goes to another origin. */
export async function addAuthenticator(page: Page, options: AuthenticatorOptions = {}): Promise<void> {
  const { hasPrf = true, isUserVerified = true } = options;
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
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
}
