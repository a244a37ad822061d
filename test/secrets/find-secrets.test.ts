import { randomBytes } from 'node:crypto';
import { base58 } from '@scure/base';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it, test } from 'vitest';
import { findSecrets, type Evidence, type Secret } from './find-secrets.ts';

/** Every 16 bytes contain a + and a / in base64, so that the tests cover each spelling of these characters. */
const bytes = new Uint8Array(
  Buffer.from('df2748fb14ff7e435be9f4ef3efffbffef9bea115fa3b8277eafffefb63637fb', 'hex'),
);
const phrase = entropyToMnemonic(bytes, wordlist);
const words = phrase.split(' ');
const secret: Secret = { name: 'seed', bytes, words };

const hex = (part: Uint8Array) => Buffer.from(part).toString('hex');
const base64 = (part: Uint8Array) => Buffer.from(part).toString('base64');
const base64url = (part: Uint8Array) => Buffer.from(part).toString('base64url');
const binary = (part: Uint8Array) => Buffer.from(part).toString('latin1');
const utf16 = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le'));
const around = (part: Uint8Array, before: number) =>
  new Uint8Array(Buffer.concat([randomBytes(before), part, randomBytes(5)]));

function formsFoundIn(content: Evidence['content']): readonly string[] {
  return findSecrets([secret], [{ place: 'here', content }]).map(({ form }) => form);
}

describe('a secret is found', () => {
  const first = bytes.subarray(0, 16);
  const last = bytes.subarray(16);
  const inside = bytes.subarray(7, 27);
  it.each<readonly [string, Evidence['content'], string]>([
    ['as bytes', bytes, 'bytes'],
    ['as bytes among others', around(bytes, 9), 'bytes'],
    ['as a half of its bytes', around(last, 3), 'bytes'],
    ['as text of one character a byte', `{"seed":"${binary(bytes)}"}`, 'bytes'],
    ['as that text in UTF-16', utf16(binary(inside)), 'bytes'],
    ['as hexadecimal', `x${hex(bytes)}y`, 'hex'],
    ['as hexadecimal in capitals', hex(bytes).toUpperCase(), 'hex'],
    ['as hexadecimal with colons', hex(first).replace(/..(?!$)/g, '$&:'), 'hex'],
    ['as hexadecimal in UTF-16', utf16(hex(first)), 'hex'],
    ['as base64', `"${base64(bytes)}"`, 'base64'],
    ['as base64 in lines', base64(bytes).replace(/.{10}/g, '$&\n'), 'base64'],
    ['as base64url', base64url(bytes), 'base64'],
    ['as base64 one byte after others', base64(around(bytes, 1)), 'base64'],
    ['as base64 two bytes after others', base64(around(inside, 2)), 'base64'],
    ['as base64url of a half', base64url(last), 'base64'],
    ['as base64 in a URL', `https://a.example/?key=${encodeURIComponent(base64(bytes))}`, 'base64'],
    ['as base64 with escaped slashes', base64(bytes).replaceAll('/', '\\/'), 'base64'],
    ['as base58', `sealerSecret_z${base58.encode(bytes)}/`, 'base58'],
    ['as base58 of a half', base58.encode(first), 'base58'],
    ['as base58 of a part', base58.encode(inside), 'base58'],
    ['as base58 that was cut', base58.encode(bytes).slice(9, 31), 'base58'],
    ['as a list of numbers', JSON.stringify([...bytes]), 'decimal'],
    ['as a typed array in JSON', JSON.stringify({ seed: inside }), 'decimal'],
    ['as its phrase', `Your words: ${phrase}.`, 'words'],
    ['as words in capitals', phrase.toUpperCase(), 'words'],
    ['as a list of words', JSON.stringify(words), 'words'],
    ['as numbered words in markup', words.map((word, at) => `<li>${at + 1}. ${word}</li>`).join(''), 'words'],
    ['as words without spaces', words.join(''), 'words'],
    ['as six words of the phrase', words.slice(11, 17).join(' '), 'words'],
  ])('%s', (_, content, form) => {
    expect(formsFoundIn(content)).toContain(form);
  });
});

test('what is no piece of a secret is not found', () => {
  const others: readonly Evidence['content'][] = [
    new Uint8Array(randomBytes(4_096)),
    base64(randomBytes(4_096)),
    hex(randomBytes(4_096)),
    base58.encode(randomBytes(64)),
    hex(bytes.subarray(0, 12)),
    base64(bytes.subarray(4, 16)),
    words.slice(0, 5).join(' '),
    words.toReversed().join(' '),
    '',
  ];
  for (const content of others) expect(formsFoundIn(content)).toEqual([]);
});

test('each place, secret and form is named once', () => {
  const other: Secret = { name: 'other', bytes: new Uint8Array(randomBytes(32)) };
  const evidence: readonly Evidence[] = [
    { place: 'cookies', content: hex(bytes) + base64(bytes) },
    { place: 'cookies', content: hex(bytes) },
    { place: 'console', content: hex(bytes) + hex(other.bytes) },
  ];
  expect(findSecrets([secret, other], evidence)).toEqual([
    { place: 'cookies', secret: 'seed', form: 'hex' },
    { place: 'cookies', secret: 'seed', form: 'base64' },
    { place: 'console', secret: 'seed', form: 'hex' },
    { place: 'console', secret: 'other', form: 'hex' },
  ]);
});

test('several megabytes are read', () => {
  const noise = base64(randomBytes(3_000_000));
  expect(formsFoundIn(noise + hex(bytes))).toEqual(['hex']);
});
