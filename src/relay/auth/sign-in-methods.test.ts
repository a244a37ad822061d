import { Server } from 'node:http';
import { expect, it } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { readAuth } from './sign-in-methods.ts';

const jwksUrl = 'https://id.example.org/keys';
const publicUrls = ['wss://relay.example.org/sync'];

it.each([
  {},
  { publicUrls },
  { auth: { jwksUrl }, host: '0.0.0.0' },
  { auth: { jwksUrl: 'http://localhost:8080/keys', issuer: 'a', audience: 'b' } },
  { auth: { account: true } },
  { auth: { account: true }, host: '0.0.0.0', publicUrls },
  { auth: { account: true, jwksUrl }, server: new Server(), publicUrls },
])('settings of signing in are valid: $auth', (options) => {
  expect(readAuth(options) !== undefined).toBe('auth' in options);
});

it.each([
  [{ auth: {} }, 'no way to sign in'],
  [{ auth: { account: false } }, 'no way to sign in'],
  [{ auth: { issuer: 'a' } }, 'JWKS_URL'],
  [{ auth: { account: true, audience: 'a' } }, 'JWKS_URL'],
  [{ auth: { jwksUrl: 'http://id.example.org/keys' } }, 'https'],
  [{ auth: { jwksUrl: 'id.example.org' } }, 'https'],
  [{ auth: { jwksUrl: 'https://user:canary@id.example.org/keys' } }, 'without a password'],
  [{ auth: { account: true }, host: '0.0.0.0' }, 'PUBLIC_URLS'],
  [{ auth: { account: true }, server: new Server() }, 'PUBLIC_URLS'],
  [{ publicUrls: ['relay.example.org'] }, 'PUBLIC_URLS'],
  [{ publicUrls: [''] }, 'PUBLIC_URLS'],
  [{ publicUrls: ['wss://relay.example.org/sync?token=1'] }, 'PUBLIC_URLS'],
])('settings of signing in that cannot work are refused (%#)', (options, words) => {
  const isRefusal = (error: unknown) =>
    isKernelError(error, 'RELAY_SETTING_INVALID') &&
    error.message.includes(words) &&
    !error.message.includes('canary');
  expect(() => readAuth(options)).toThrow(expect.toSatisfy(isRefusal));
});
