import { expect, it } from 'vitest';
import { peerIDs } from './connection/peer-ids.ts';
import type { SyncOptions } from './sync-peers.ts';
import { readRelayAuths, readRelayTargets } from './relay-targets.ts';

const refused = expect.objectContaining({ code: 'SYNC_URL_INVALID' }) as unknown;

it('parses one relay, its fail-over addresses, or several relays', () => {
  expect(readRelayTargets({ url: 'a.example' })).toEqual([['wss://a.example/sync']]);
  expect(readRelayTargets({ url: ['a.example', 'b.example'] })).toEqual([
    ['wss://a.example/sync', 'wss://b.example/sync'],
  ]);
  expect(readRelayTargets({ relays: [{ url: 'a.example' }, { url: ['b.example', 'c.example'] }] })).toEqual([
    ['wss://a.example/sync'],
    ['wss://b.example/sync', 'wss://c.example/sync'],
  ]);
});

it('[CONN-23] gives each address the path of the app', () => {
  expect(readRelayTargets({ url: ['a.example', 'b.example'], appID: 'notes' })).toEqual([
    ['wss://a.example/sync/notes', 'wss://b.example/sync/notes'],
  ]);
  expect(readRelayTargets({ relays: [{ url: 'a.example' }], appID: 'notes' })).toEqual([
    ['wss://a.example/sync/notes'],
  ]);
  expect(() => readRelayTargets({ url: 'a.example', appID: 'No' })).toThrow(refused);
});

it('rejects ambiguous targets', () => {
  expect(() => readRelayTargets({ relays: [] })).toThrow(refused);
  expect(() => readRelayTargets({ url: 'a.example', relays: [{ url: 'b.example' }] })).toThrow(refused);
  expect(() => readRelayTargets({ relays: [{ url: 'a.example' }, { url: 'wss://a.example/sync' }] })).toThrow(
    refused,
  );
});

it('rejects two relays whose addresses differ only in scheme or query, because they would share an ID', () => {
  for (const other of ['wss://a.example/sync?part=2', 'ws://a.example/sync']) {
    const read = () => readRelayTargets({ relays: [{ url: 'wss://a.example/sync' }, { url: other }] });
    expect(read).toThrow(refused);
    expect(read).toThrow('a.example/sync is listed twice');
  }
});

it.each([
  ['a number as address', { url: 5 }, 'is not a string'],
  ['null as address', { url: null }, 'is empty'],
  ['an object as address', { url: ['a.example', {}] }, 'is not a string'],
  ['an unset address among others', { url: ['a.example', undefined] }, 'is empty'],
  ['no array of relays', { relays: 'a.example' }, 'nor `{ relays: [{ url }] }`'],
  ['null for relays', { relays: null }, 'nor `{ relays: [{ url }] }`'],
  ['addresses for relays', { relays: ['a.example'] }, 'nor `{ relays: [{ url }] }`'],
  ['a number for a relay', { relays: [5] }, 'nor `{ relays: [{ url }] }`'],
  ['null for a relay', { relays: [null] }, 'nor `{ relays: [{ url }] }`'],
  ['a relay without an address', { relays: [{}] }, 'nor `{ relays: [{ url }] }`'],
  ['a number as address of a relay', { relays: [{ url: 5 }] }, 'is not a string'],
  ['an address instead of options', 'a.example', 'nor `{ relays: [{ url }] }`'],
  ['null instead of options', null, 'nor `{ relays: [{ url }] }`'],
  ['`auth` beside `relays`', { auth: 'account', relays: [{ url: 'a.example' }] }, 'takes its own `auth`'],
  ['null for `auth`', { url: 'a.example', auth: null }, 'neither `{ token }`'],
  ['another word for `auth`', { url: 'a.example', auth: 'jwt' }, 'neither `{ token }`'],
  ['a token for `auth`', { url: 'a.example', auth: { token: 'CANARY' } }, 'neither `{ token }`'],
  ['a function for `auth`', { url: 'a.example', auth: () => 'CANARY' }, 'neither `{ token }`'],
  [
    'a token for a relay',
    { relays: [{ url: 'a.example', auth: { token: 'CANARY' } }] },
    'neither `{ token }`',
  ],
])('rejects %s, and says what to pass', (_what, options, why) => {
  const read = () => readRelayTargets(options as SyncOptions);
  expect(read).toThrow(refused);
  expect(read).toThrow(why);
  expect(read).toThrow(/Pass each relay|Use a domain/);
  expect(read).not.toThrow('CANARY');
});

it('reads how to sign in at each relay', () => {
  const auth = { token: () => Promise.resolve('x') };
  expect(readRelayAuths({ url: ['a.example', 'b.example'], auth })).toEqual([auth]);
  expect(readRelayAuths({ auth: 'account' })).toEqual(['account']);
  expect(readRelayAuths({})).toEqual([undefined]);
  const relays = [
    { url: 'a.example', auth },
    { url: 'b.example' },
    { url: 'c.example', auth: 'account' as const },
  ];
  expect(readRelayAuths({ relays })).toEqual([auth, undefined, 'account']);
  expect(readRelayTargets({ relays })).toHaveLength(3);
  expect(readRelayTargets({ url: 'a.example', auth: 'account' })).toHaveLength(1);
});

it('names a relay by its host, or by its path if a host has several', () => {
  const idsOf = (...urls: string[]) => peerIDs(readRelayTargets({ relays: urls.map((url) => ({ url })) }));
  expect(idsOf('a.example', 'b.example:81')).toEqual(['a.example', 'b.example:81']);
  expect(idsOf('wss://a.example/x', 'wss://a.example/y')).toEqual(['a.example/x', 'a.example/y']);
});
