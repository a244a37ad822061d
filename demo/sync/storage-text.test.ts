import { describe, expect, it } from 'vitest';
import { storageText } from './storage-text.ts';
import { testError } from './test-state.ts';

const codes = [
  'STORAGE_UNAVAILABLE',
  'STORAGE_FULL',
  'STORAGE_CLOSED',
  'STORAGE_BLOCKED',
  'STORAGE_TOO_NEW',
  'STORAGE_WRITE_FAILED',
] as const;

describe('the text for a storage failure', () => {
  it('is different for each failure and avoids technical terms', () => {
    const texts = codes.map((code) => storageText(testError(code)));
    expect(new Set(texts.map(({ why }) => why)).size).toBe(codes.length);
    for (const { why, title, next } of texts) {
      expect(`${why} ${title} ${next}`).not.toMatch(/STORAGE_|database|indexeddb|quota/);
      expect(why).not.toMatch(/\.$/);
    }
  });

  it('lets the user close this tab only once relays have everything, as the panel does', () => {
    for (const code of codes) {
      const [before, after] = [false, true].map((isConfirmed) => storageText(testError(code), isConfirmed));
      expect(`${before?.title} ${before?.next}`).not.toContain('close this tab');
      expect(`${after?.title} ${after?.next}`).not.toMatch(/keep this/i);
    }
  });

  it('never asks the user to close this tab', () => {
    for (const code of codes) {
      const { title, next } = storageText(testError(code));
      expect(`${title} ${next}`).toMatch(/open|once the relay has/);
    }
  });
});
