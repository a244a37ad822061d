import { afterEach, expect, it } from 'vitest';
import { cdp } from 'vitest/browser';
import { createWebAuthnPasskeys } from '../platform/web-authn-passkeys.ts';
import { addVirtualPasskey, type VirtualPasskey, type VirtualPasskeyOptions } from './virtual-passkey.ts';

const passkeys = createWebAuthnPasskeys();
const rpID = location.hostname;
const prfInput = new Uint8Array(21).fill(7);

let added: VirtualPasskey | undefined;
afterEach(() => added?.remove());

async function add(options?: VirtualPasskeyOptions): Promise<VirtualPasskey> {
  // Its type knows the commands by name.
  const session = cdp() as { send(method: string, parameters?: object): Promise<unknown> };
  added = await addVirtualPasskey((method, parameters) => session.send(method, parameters), options);
  return added;
}

const create = () =>
  passkeys.create({
    ...{ rpID, rpName: 'Test', userName: 'Ada', excludeCredentialIDs: [], prfInput },
    userID: crypto.getRandomValues(new Uint8Array(32)),
  });
const use = (credentialID: string) => passkeys.get({ rpID, allowCredentialIDs: [credentialID], prfInput });

it('[TEST-4] answers prompts with a PRF value, which stays the same', async () => {
  await add();
  const made = await create();
  expect(made).toMatchObject({ userVerified: true, prf: { kind: 'output' } });
  expect((await use(made.credentialID)).prf).toEqual(made.prf);
});

it('[TEST-4] has no PRF if the test asks for none', async () => {
  await add({ prf: false });
  expect((await create()).prf).toEqual({ kind: 'none' });
});

it('[TEST-4] takes its passkeys along when it is removed', async () => {
  const first = await add();
  const { credentialID } = await create();
  await first.remove();
  await add();
  await expect(use(credentialID)).rejects.toMatchObject({ name: 'NotAllowedError' });
});
