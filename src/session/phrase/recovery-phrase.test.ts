import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test } from 'vitest';
import type { KernelError } from '../../base/kernel-error.ts';
import { accountIDFor } from '../account/genesis.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import vectors from './phrase-vectors.json' with { type: 'json' };
import { checkWords, phraseToSeed, seedToPhrase } from './recovery-phrase.ts';

const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
const phrase = seedToPhrase(seed);
const words = phrase.split(' ');

/** The phrase with other words at some positions, counted from 1. */
function changed(at: Readonly<Record<number, string>>): string {
  return words.map((word, index) => at[index + 1] ?? word).join(' ');
}

function refusal(text: string): KernelError<'PHRASE_INVALID'> {
  try {
    phraseToSeed(text);
  } catch (error) {
    return error as KernelError<'PHRASE_INVALID'>;
  }
  throw new Error('the phrase was accepted');
}

describe('a phrase', () => {
  // The first three vectors and the last one come from BIP-39 (trezor/python-mnemonic, vectors.json).
  test.each(vectors)('of the seed $seed stays the same forever, in both directions', async (vector) => {
    const bytes = Uint8Array.from(Buffer.from(vector.seed, 'hex'));
    expect(seedToPhrase(bytes)).toBe(vector.phrase);
    expect(phraseToSeed(vector.phrase)).toEqual(bytes);
    const crypto = await createSessionCrypto();
    expect(accountIDFor(crypto, crypto.agentSecretFromSecretSeed(phraseToSeed(vector.phrase)))).toBe(
      vector.accountID,
    );
  });

  test.each([
    ['in capitals', phrase.toUpperCase()],
    [
      'with a capital letter at the beginning of each line',
      words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`),
    ],
    ['with spaces and empty lines around it', `\r\n\n  ${words.join('   \t ')} \u00a0\n`],
    ['in columns of six', words.map((word, index) => (index % 6 === 5 ? `${word}\n` : `${word}\t`)).join('')],
    ['numbered', words.map((word, index) => `${index + 1}. ${word}`).join('\n')],
    ['numbered without spaces', words.map((word, index) => `${index + 1})${word}`)],
    [
      'numbered in circles',
      words.map((word, index) => `${String.fromCodePoint(0x2460 + (index % 20))}${word}`),
    ],
    ['with numbers behind', words.map((word, index) => `${word}${index + 1}`)],
    ['with commas', words.join(', ')],
    ['with commas and no spaces', words.join(',')],
    ['with hyphens', words.join('-')],
    ['in quotation marks, with a full stop', `“${phrase}.”`],
    ['with ideographic spaces', words.join('\u3000')],
    [
      'in full-width letters',
      phrase.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
    ],
    ['with accents that a keyboard added', changed({ 1: 'abándon', 2: 'amo\u0308unt' })],
    [
      'with invisible characters',
      words.map((word) => `\u200e${word.slice(0, 2)}\u00ad${word.slice(2)}\u200b`),
    ],
    ['with the Turkish capital I', words.map((word) => word.replaceAll('i', 'İ'))],
  ])('is read %s', (_, text) => {
    expect(phraseToSeed(typeof text === 'string' ? text : text.join(' '))).toEqual(seed);
  });
});

describe('an invalid phrase', () => {
  test.each([
    ['', 'has 0'],
    ['abandon', 'has 1'],
    [words.slice(1).join(' '), 'has 23'],
    [`${phrase} zoo`, 'has 25'],
    [words.slice(0, 12).join(' '), 'has 12'],
    ['word '.repeat(100_000), 'has 100000'],
  ])('has another length', (text, counted) => {
    const { code, details, message } = refusal(text);
    expect(code).toBe('PHRASE_INVALID');
    expect(details).toEqual({ reason: 'length', positions: [] });
    expect(message).toContain(`has 24 words, but this one ${counted}.`);
  });

  test('names the word that results from a missing space', () => {
    const { details, message } = refusal([`${words[0]}${words[1]}`, ...words.slice(2)].join(' '));
    expect(details).toEqual({ reason: 'length', positions: [1] });
    expect(message).toContain('has 23. Word 1 is not in the list of recovery words.');
  });

  test('lists the words that are not in the list, with positions counted from 1', () => {
    const { details, message } = refusal(changed({ 1: 'maison', 7: 'garage1x', 24: 'слово' }));
    expect(details).toEqual({ reason: 'word', positions: [1, 7, 24] });
    expect(message).toMatch(/^Words 1, 7 and 24 are not in the list of recovery words\. Compare/);
  });

  test('is rejected if every word is listed but the checksum is wrong', () => {
    const { details, message } = refusal(changed({ 3: 'zoo' }));
    expect(details).toEqual({ reason: 'checksum', positions: [] });
    expect(message).toContain('together they are not a recovery phrase');
  });
});

describe('a JavaScript caller’s mistake', () => {
  test.each([[{ phrase }], [undefined], [words]])('is a TypeError that repeats nothing of it', (value) => {
    const mistake = new TypeError('The recovery phrase is not a string. Pass the text that the user typed.');
    expect(() => phraseToSeed(value as never)).toThrow(mistake);
    expect(() => checkWords(value as never)).toThrow(mistake);
  });
});

describe('words that are being typed', () => {
  test.each([
    ['', 0, []],
    ['zoo vote', 2, []],
    ['1. Zoo\n2. votte, 3', 2, [2]],
    [changed({ 5: 'expirre', 24: 'zo' }), 24, [5, 24]],
    ['word '.repeat(48), 48, []],
    ['wordd '.repeat(49), 49, []],
  ])('are counted as a phrase counts them, and compared with the list', (text, count, unknown) => {
    expect(checkWords(text)).toEqual({ count, unknown });
  });
});

describe('what an error contains of the typed phrase', () => {
  const secret = 'xqzsecret';
  const attempts = {
    'no match in the list': words.map((_, index) => `${secret}${String.fromCharCode(97 + index)}`).join(' '),
    'the beginning of each word': words.map((word) => `${word.slice(0, 4)}q`).join(' '),
    'each word with an extra letter': words.map((word) => `${word}q`).join(' '),
    'a wrong checksum': changed({ 3: 'zoo' }),
    'an extra word': `${phrase} ${secret}`,
    'one wrong word': changed({ 5: 'expirre' }),
    'two wrong words': changed({ 5: 'expirre', 9: 'archh' }),
  };

  test.each(Object.entries(attempts))(
    '[SEC-8] %s: at most two words of the phrase, and no cause',
    (_, text) => {
      const error = refusal(text);
      expect('cause' in error).toBe(false);
      expect(Object.keys(error.details)).toEqual(['reason', 'positions']);
      expect(error.details.positions.every(Number.isInteger)).toBe(true);
      const said = `${error.message} ${error.stack}`;
      expect(said).not.toContain(secret);
      const quoted = [...error.message.matchAll(/“([^”]+)”/g)].map(({ 1: word }) => word);
      expect(words.filter((word) => quoted.includes(word)).length).toBeLessThanOrEqual(2);
      for (const typed of ['expirre', 'archh']) expect(said).not.toContain(typed);
    },
  );
});

test('every word of the list is accepted unchanged', () => {
  for (const word of wordlist) {
    const error = refusal(`${word} ${word}`);
    expect(error.details.positions).toEqual([]);
  }
});
