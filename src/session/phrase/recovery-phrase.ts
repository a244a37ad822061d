import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { notInList, phraseLength, wrongChecksum, wrongLength, type UnknownWord } from './phrase-errors.ts';
import { wordsIn, type PhraseCheck } from './phrase-words.ts';

const list: ReadonlySet<string> = new Set(wordlist);

/** A text with more words is not a phrase at all, so a list of its unknown words would not help. */
const maxListed = 2 * phraseLength;

/** Encodes the seed itself as 24 words of BIP-39's English list: without derivation or passphrase. */
export function seedToPhrase(seed: Uint8Array): string {
  return entropyToMnemonic(seed, wordlist);
}

/** See `checkPhraseWords`. */
export function checkWords(text: string): PhraseCheck {
  const words = wordsIn(text);
  const unknown = words.length > maxListed ? [] : unknownIn(words);
  return { count: words.length, unknown: unknown.map(({ position }) => position) };
}

/** Throws PHRASE_INVALID, which quotes nothing typed. One random phrase in 256 passes, so a valid one may open nothing. */
export function phraseToSeed(text: string): Uint8Array<ArrayBuffer> {
  const words = wordsIn(text);
  if (words.length > maxListed) throw wrongLength(words.length, []);
  const unknown = unknownIn(words);
  if (words.length !== phraseLength) throw wrongLength(words.length, unknown);
  if (unknown.length > 0) throw notInList(unknown);
  try {
    return new Uint8Array(mnemonicToEntropy(words.join(' '), wordlist));
  } catch {
    throw wrongChecksum();
  }
}

function unknownIn(words: readonly string[]): readonly UnknownWord[] {
  return words.flatMap((typed, index) => (list.has(typed) ? [] : { position: index + 1, typed }));
}
