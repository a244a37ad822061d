import type { Page } from '@playwright/test';
import {
  plugInAuthenticator,
  type VirtualAuthenticator,
  type VirtualAuthenticatorOptions,
} from '../../test/support/platform/virtual-authenticator.ts';

export interface AuthenticatorOptions extends VirtualAuthenticatorOptions {
  /** Only for tests of autofill: a virtual authenticator accepts autofill at once, without a user's choice. */
  readonly hasAutofill?: boolean;
}

/** A virtual authenticator for this page. It stays with the page, even on another origin. */
export async function addAuthenticator(
  page: Page,
  { hasAutofill = false, ...options }: AuthenticatorOptions = {},
): Promise<VirtualAuthenticator> {
  if (!hasAutofill) {
    await page.addInitScript(() => {
      if (!('PublicKeyCredential' in globalThis)) return;
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
    });
  }
  return plugInAuthenticator(await page.context().newCDPSession(page), options);
}
