import { describe, expect, it } from 'vitest';
import { pictureProblem } from './picture-problem.ts';

describe('a refused file', () => {
  const file = { name: 'notes.txt', size: 45_300_000 };

  it.each([
    ['too-large', '“notes.txt” is too large', 'It is 45 MB; the limit is 30 MB.'],
    ['no-picture', '“notes.txt” is not a picture', 'such as a JPEG or a PNG.'],
    ['unreadable', 'This browser cannot open “notes.txt”', 'Save it as JPEG or PNG and try again.'],
  ] as const)('is named, with advice and a note that nothing was changed: %s', (why, title, text) => {
    const words = pictureProblem(file, why);
    expect(words.title).toBe(title);
    expect(words.text).toContain(text);
    expect(words.text).toMatch(/Nothing was changed\.$/);
  });

  it('may have no name', () => {
    for (const why of ['too-large', 'no-picture', 'unreadable'] as const) {
      expect(pictureProblem({ name: '', size: 1 }, why).title).toMatch(/the pasted file/i);
    }
  });
});
