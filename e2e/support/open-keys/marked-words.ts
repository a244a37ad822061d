import { randomInt } from 'node:crypto';
import type { Secret } from '../../../test/secrets/find-secrets.ts';

/** Words that occur nowhere else, and that `findSecrets` can look for. */
export interface MarkedWords {
  /** A new word of 24 letters, for one purpose. */
  word(purpose: string): string;
  /** All words so far, each under its purpose. */
  secrets(): readonly Secret[];
  /** All words contain it. */
  readonly tag: string;
}

export function createMarkedWords(): MarkedWords {
  const tag = letters(8);
  const secrets: Secret[] = [];
  return {
    // The tag is shorter than half of the 16 letters that a search needs, so it never finds one word for another.
    word(purpose) {
      const word = letters(16) + tag;
      secrets.push({ name: purpose, bytes: new Uint8Array(Buffer.from(word)) });
      return word;
    },
    secrets: () => secrets,
    tag,
  };
}

function letters(count: number): string {
  return Array.from({ length: count }, () => String.fromCharCode(97 + randomInt(26))).join('');
}
