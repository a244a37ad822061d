import { expect, it } from 'vitest';
import { hasTooManyParts, maxParts, maxPartsInStrings } from './message-parts.ts';

const entries = (count: number, entry: string) => Array.from({ length: count }, () => entry).join(',');
const message = (sessions: string) => `{"action":"known","sessions":{${sessions}}}`;
const transaction = (changes: string) => `{"changes":${JSON.stringify(changes)}}`;

it.each([
  ['entries', message(entries(maxParts, '"a":1'))],
  ['entries after a text that ends with a backslash', `{"a":"\\\\","b":[${entries(maxParts, '0')}]}`],
  ['deep lists', `{"maia":"later","a":${'['.repeat(maxParts)}`],
  ['entries within a transaction', transaction(`[${entries(maxPartsInStrings, '{}')}]`)],
  ['escaped signs within a transaction', `{"changes":"${'\\u005b'.repeat(maxPartsInStrings + 1)}"}`],
])('[RELAY-32] finds too many %s without parsing them', (_, line) => {
  expect(hasTooManyParts(line)).toBe(true);
});

it.each([
  ['as many sessions as are allowed', message(entries(maxParts - 3, '"a":1'))],
  ['as many changes as are allowed', transaction(`[${entries(maxPartsInStrings / 2 - 1, '{}')}]`)],
  ['one encrypted transaction of 9 MB', `{"encryptedChanges":"encrypted_U${'a'.repeat(9_000_000)}"}`],
  ['a long text with quotes and line breaks', transaction(JSON.stringify(['say "[{,\\"\n'.repeat(20_000)]))],
])('lets %s pass', (_, line) => {
  expect(hasTooManyParts(line)).toBe(false);
});
