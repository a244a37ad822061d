import { describe, expect, it } from 'vitest';
import { storageWords } from './storage-words.ts';
import { testError } from './test-state.ts';

const codes = [
  'STORAGE_UNAVAILABLE',
  'STORAGE_FULL',
  'STORAGE_CLOSED',
  'STORAGE_BLOCKED',
  'STORAGE_TOO_NEW',
  'STORAGE_WRITE_FAILED',
] as const;

describe('why this device does not save', () => {
  it('is said of each fault in words of its own, without code or machinery', () => {
    const said = codes.map((code) => storageWords(testError(code)));
    expect(new Set(said.map(({ why }) => why)).size).toBe(codes.length);
    for (const { why, title, next } of said) {
      expect(`${why} ${title} ${next}`).not.toMatch(/STORAGE_|database|indexeddb|quota/);
      expect(why).not.toMatch(/\.$/);
    }
  });

  it('asks to close this tab in no case', () => {
    for (const code of codes) {
      const { title, next } = storageWords(testError(code));
      expect(`${title} ${next}`).toMatch(/open|once the relay has/);
    }
  });
});
