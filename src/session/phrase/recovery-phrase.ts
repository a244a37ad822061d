import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { notInList, phraseLength, wrongChecksum, wrongLength } from './phrase-errors.ts';
import { wordsIn } from './phrase-words.ts';

const list: ReadonlySet<string> = new Set(wordlist);

/** The seed itself, as 24 words of BIP-39's English list: nothing is derived, and no passphrase is added. */
export function seedToPhrase(seed: Uint8Array): string {
  return entropyToMnemonic(seed, wordlist);
}

/**
 * Throws PHRASE_INVALID, which says what is wrong and holds nothing of what was typed. Of random words one phrase in 256
 * passes, so one that passes is still not known to be an account's.
 */
export function phraseToSeed(text: string): Uint8Array<ArrayBuffer> {
  const words = wordsIn(text);
  const unknown = words.flatMap((typed, index) => (list.has(typed) ? [] : { position: index + 1, typed }));
  // Of a text that is no phrase at all, nobody wants to know which words are in the list.
  if (words.length > 2 * phraseLength) throw wrongLength(words.length, []);
  if (words.length !== phraseLength) throw wrongLength(words.length, unknown);
  if (unknown.length > 0) throw notInList(unknown);
  try {
    return new Uint8Array(mnemonicToEntropy(words.join(' '), wordlist));
  } catch {
    throw wrongChecksum();
  }
}
