import { expect, test } from 'vitest';
import { readableName } from './file-name.ts';

test.each([
  ['cabin.jpg', 'cabin.jpg'],
  [' père Noël 🎅🏽.png ', 'père Noël 🎅🏽.png'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\cabin.jpg', 'cabin.jpg'],
  ['cabin\u202Egpj.exe', 'cabingpj.exe'],
  ['a\u2066b\u200Fc\u0000d\ne\u2028f.txt', 'abcdef.txt'],
  ['half \uD800.txt', 'half .txt'],
  ['نامه‌ها.pdf', 'نامه‌ها.pdf'],
])('[FILE-7] the name %j is shown as %j', (name, shown) => {
  expect(readableName(name)).toBe(shown);
});

test.each(['', ' ', '..', 'folder/', '\u202E', '.\u0000.'])('[FILE-7] the name %j is none', (name) => {
  expect(readableName(name)).toBeUndefined();
});

test('[FILE-7] a long name is shortened, and keeps its extension', () => {
  const name = readableName(`${'🎅'.repeat(100_000)}.jpeg`) ?? '';
  expect([...name]).toHaveLength(200);
  expect(name).toMatch(/^🎅+\.jpeg$/u);
});
