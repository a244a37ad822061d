import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { addressOf, countedAddress } from './client-address.ts';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['[2001:db8:1:2::9]:4203', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
  ['_hidden', '_hidden'],
  ['', ''],
])('[RELAY-34] counts the connections of %j as those of %j', (address, counted) => {
  expect(countedAddress(address)).toBe(counted);
});

it('[RELAY-34] believes only the last forwarded address, and only from a trusted proxy', () => {
  const request = {
    headers: { 'x-forwarded-for': '198.51.100.1, ::ffff:203.0.113.7' },
    socket: { remoteAddress: '2001:db8:1:2::9' },
  } as unknown as IncomingMessage;
  expect(addressOf(request, true)).toBe('203.0.113.7');
  expect(addressOf(request, false)).toBe('2001:db8:1:2::/64');
});
