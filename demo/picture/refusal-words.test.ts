import { describe, expect, it } from 'vitest';
import { refusalWords } from './refusal-words.ts';

describe('a file that does not become a picture', () => {
  const file = { name: 'notes.txt', size: 45_300_000 };

  it.each([
    ['too-large', '“notes.txt” is too large', 'It has 45 MB, and a picture may have 30 MB.'],
    ['no-picture', '“notes.txt” is not a picture', 'such as a JPEG or a PNG'],
    ['unreadable', 'This browser cannot open “notes.txt”', 'Save it as JPEG or PNG'],
  ] as const)(
    'is called by its name, with what to do, and that nothing was changed: %s',
    (why, title, text) => {
      const words = refusalWords(file, why);
      expect(words.title).toBe(title);
      expect(words.text).toContain(text);
      expect(words.text).toMatch(/Nothing was changed\.$/);
    },
  );

  it('needs no name', () => {
    for (const why of ['too-large', 'no-picture', 'unreadable'] as const) {
      expect(refusalWords({ name: '', size: 1 }, why).title).toMatch(/what was copied/i);
    }
  });
});
