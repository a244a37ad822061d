import { addVirtualPasskey, createTestRelay } from '@MaiaOS/kernel/testing/node';
import { createTestSession, logMessages } from '@MaiaOS/kernel/testing';
import type { CDPSession } from '@playwright/test';

declare const session: CDPSession;
/** Puppeteer types its commands like this, too. */
declare const puppeteer: {
  send<T extends 'WebAuthn.enable' | 'WebAuthn.disable'>(
    method: T,
    parameters?: { readonly enableUI?: boolean },
    options?: { readonly timeout: number },
  ): Promise<{ readonly [K in T]: undefined }>;
};

export async function misuse(): Promise<void> {
  await addVirtualPasskey(session.send.bind(session));
  await addVirtualPasskey(puppeteer.send.bind(puppeteer), { prf: false });
  // @ts-expect-error A session is no function.
  await addVirtualPasskey(session);

  const relay = await createTestRelay();
  // @ts-expect-error The address stays the same.
  relay.url = 'http://localhost';

  const test = await createTestSession({ relayUrl: relay.url });
  // @ts-expect-error A seed makes faults repeatable, so each plan has one.
  await createTestSession({ faults: { refuse: 1 } });
  // @ts-expect-error A session, not its sync.
  logMessages(test.sync);
}
