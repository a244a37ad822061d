import { expect, it } from 'vitest';
import { parseName, toName } from './person-name.ts';

const family = '👩🏽‍❤️‍💋‍👨🏿';

it.each([
  ['the spaces around it', '  Ada \n', 'Ada'],
  ['line breaks in it', 'Ada\r\n\tLovelace', 'Ada Lovelace'],
  ['controls', 'A\u0000d\u0007a \u009b L', 'Ada L'],
  ['overrides of the direction', '\u202eadA\u2066\u2069\u202c', 'adA'],
  ['half a character', 'Ada\ud800', 'Ada'],
  ['all that cannot be seen, if there is nothing else', '\u200b\u3164\u2060 \ufeff', ''],
  ['what is drawn as nothing, if there is nothing else', '\u2800\u{1d159}\ufff9\u{13430}', ''],
])('a name loses %s', (_, text, name) => {
  expect(toName(text)).toBe(name);
  expect(parseName(text)).toBe(name);
});

it.each(['\u2813\u2811\u2800\u2807', 'محمد', 'עדה', 'می‌خواهم', 'Zoë', '李', `Ada ${family}`])(
  'the name %s stays',
  (name) => {
    expect(toName(name)).toBe(name);
  },
);

it('a name has at most a hundred characters as people count them', () => {
  for (const one of ['x', '李', '👩', family, '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) {
    expect(toName(one.repeat(100))).toBe(one.repeat(100));
    expect(() => toName(one.repeat(101))).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE' }));
    expect(parseName(one.repeat(101))).toBeUndefined();
  }
});

it('a name has at most 4,000 bytes, however few characters', () => {
  const accents = '\u0301'.repeat(1_998);
  expect(toName(`abcd${accents}`)).toHaveLength(2_002);
  const details = { bytes: 4_001, limitBytes: 4_000 };
  expect(() => toName(`abcde${accents}`)).toThrow(expect.objectContaining({ details }));
});

it.each([undefined, null, 1, ['Ada'], { name: 'Ada' }, 'x'.repeat(101), 'x'.repeat(5_000_000)])(
  'what another account writes is no name if it is not one',
  (value) => expect(parseName(value)).toBeUndefined(),
);
