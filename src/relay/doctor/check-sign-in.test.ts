import { expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey } from '../../../test/support/auth/signing-key.ts';
import { checkSignIn } from './check-sign-in.ts';

const account = { auth: { account: true } };

it('[RELAY-57] reports that no client beyond a proxy could prove its account without PUBLIC_URLS', async () => {
  expect(await checkSignIn({ ...account, trustProxy: true })).toEqual([
    {
      isWrong: true,
      subject: 'sign-in',
      text: expect.stringMatching(
        /^Clients cannot prove their account through the proxy.*PUBLIC_URLS/,
      ) as string,
    },
  ]);
  expect(await checkSignIn(account)).toEqual([
    {
      isWrong: false,
      subject: 'sign-in',
      text: expect.stringMatching(/^Clients on this machine can.*PUBLIC_URLS/) as string,
    },
  ]);
  for (const trustProxy of [true, false])
    expect(
      await checkSignIn({ ...account, trustProxy, publicUrls: ['wss://relay.example.org/sync'] }),
    ).toEqual([{ isWrong: false, subject: 'sign-in', text: 'Clients can prove their account.' }]);
});

it('[RELAY-57] reports whether clients can sign in', async () => {
  const server = await openIdentityServer(await createSigningKey('a'), await createSigningKey('b', 'ES256'));
  const jwksUrl = server.url;
  expect(await checkSignIn({})).toEqual([]);
  expect(await checkSignIn({ auth: { jwksUrl, account: true } })).toEqual([
    { isWrong: false, subject: 'sign-in', text: 'The identity server publishes 2 keys for EdDSA or ES256.' },
    { isWrong: false, subject: 'sign-in', text: expect.stringContaining('prove their account') as string },
  ]);
  expect(await checkSignIn({ auth: {} })).toMatchObject([{ isWrong: true }]);
  for (const body of ['{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}', '{"keys":[]}', '<html>', '{}']) {
    server.answer((response) => void response.end(body));
    expect(await checkSignIn({ auth: { jwksUrl } })).toMatchObject([{ isWrong: true, subject: 'sign-in' }]);
  }
  server.answer((response) => void response.writeHead(500).end());
  const text = expect.stringContaining('The identity server answered 500. Check JWKS_URL') as string;
  expect(await checkSignIn({ auth: { jwksUrl } })).toEqual([{ isWrong: true, subject: 'sign-in', text }]);
});
