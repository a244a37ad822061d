import { expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey } from '../../../test/support/auth/signing-key.ts';
import { checkSignIn } from './check-sign-in.ts';

it('[RELAY-57] reports whether clients can sign in', async () => {
  const server = await openIdentityServer(await createSigningKey('a'), await createSigningKey('b', 'ES256'));
  const jwksUrl = server.url;
  expect(await checkSignIn({})).toEqual([]);
  expect(await checkSignIn({ auth: { jwksUrl, account: true } })).toEqual([
    { isWrong: false, subject: 'sign-in', text: 'The identity server publishes 2 keys for EdDSA or ES256.' },
    { isWrong: false, subject: 'sign-in', text: 'Clients can prove their account.' },
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
