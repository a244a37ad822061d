import type { BrowserContext } from '@playwright/test';

declare global {
  var tellPrfOutput: ((bytes: readonly number[]) => Promise<void>) | undefined;
}

/** Records every PRF output of a passkey in this context's pages, independently of the page's own scripts. */
export async function recordPrfOutputs(context: BrowserContext): Promise<readonly Uint8Array[]> {
  const outputs: Uint8Array[] = [];
  await context.exposeFunction('tellPrfOutput', (bytes: readonly number[]) => {
    const output = Uint8Array.from(bytes);
    if (!outputs.some((known) => Buffer.from(known).equals(output))) outputs.push(output);
  });
  await context.addInitScript(() => {
    const container = globalThis.navigator.credentials as CredentialsContainer | undefined;
    if (!container) return; // Not a secure context, such as the empty page of a new tab.
    const create = container.create.bind(container);
    const get = container.get.bind(container);
    container.create = async (options) => tell(await create(options));
    container.get = async (options) => tell(await get(options));

    async function tell(credential: Credential | null): Promise<Credential | null> {
      if (credential instanceof PublicKeyCredential) {
        const first = credential.getClientExtensionResults().prf?.results?.first;
        if (first instanceof ArrayBuffer) await tellPrfOutput?.([...new Uint8Array(first)]);
      }
      return credential;
    }
  });
  return outputs;
}
