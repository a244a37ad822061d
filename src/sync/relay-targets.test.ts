import { expect, it } from 'vitest';
import { peerIDs } from './peer-ids.ts';
import { readRelayTargets } from './relay-targets.ts';

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

it('rejects ambiguous targets', () => {
  expect(() => readRelayTargets({ relays: [] })).toThrow(refused);
  expect(() => readRelayTargets({ url: 'a.example', relays: [{ url: 'b.example' }] })).toThrow(refused);
  expect(() => readRelayTargets({ relays: [{ url: 'a.example' }, { url: 'wss://a.example/sync' }] })).toThrow(
    refused,
  );
});

it('names a relay by its host, or by its path if a host has several', () => {
  const idsOf = (...urls: string[]) => peerIDs(readRelayTargets({ relays: urls.map((url) => ({ url })) }));
  expect(idsOf('a.example', 'b.example:81')).toEqual(['a.example', 'b.example:81']);
  expect(idsOf('wss://a.example/x', 'wss://a.example/y')).toEqual(['a.example/x', 'a.example/y']);
});
