import type { Page } from '@playwright/test';

/**
 * Gives a page what keeps passkeys: a laptop, or a security key. One to a page: Chromium asks all that a page has, and one
 * that nobody touches a few times in a row lets nobody in any more. `on-get`: it has PRF and gives no value on create, as
 * many real ones.
 */
export async function plugInKeeper(page: Page, prf: 'on-create' | 'on-get'): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      hasPrf: prf === 'on-create',
      hasHmacSecret: prf === 'on-get',
    },
  });
}
