import { describe, expect, it } from 'vitest';
import { isHotkey, parseHotkey } from './hotkey.ts';

describe('parsing', () => {
  it.each([
    ['Alt+Shift+M', { code: 'KeyM', alt: true, ctrl: false, meta: false, shift: true, words: 'Alt+Shift+M' }],
    ['Ctrl+Alt+1', { code: 'Digit1', alt: true, ctrl: true, meta: false, shift: false, words: 'Ctrl+Alt+1' }],
    ['Meta+F2', { code: 'F2', alt: false, ctrl: false, meta: true, shift: false, words: 'Meta+F2' }],
  ])('%s', (words, hotkey) => expect(parseHotkey(words)).toEqual(hotkey));

  it.each(['M', '', '+', 'Alt+', 'Strg+M', 'Alt+Shift', 'alt+m'])('says what is wrong with “%s”', (words) => {
    expect(() => parseHotkey(words)).toThrow(/is no hotkey. Name modifiers \(Ctrl, Alt, Shift, Meta\)/);
  });
});

describe('matching', () => {
  const press = {
    code: 'KeyM',
    key: 'Â', // what Alt and Shift type there on a Mac
    altKey: true,
    shiftKey: true,
    ctrlKey: false,
    metaKey: false,
    repeat: false,
    isComposing: false,
  };
  const hotkey = parseHotkey('Alt+Shift+M');

  it('goes by the place of the key, with exactly these modifiers', () => {
    expect(isHotkey(press as KeyboardEvent, hotkey)).toBe(true);
  });

  it.each([
    { code: 'KeyN' },
    { altKey: false },
    { shiftKey: false },
    { ctrlKey: true },
    { metaKey: true },
    { repeat: true },
    { isComposing: true },
  ])('is not %j', (change) => {
    expect(isHotkey({ ...press, ...change } as KeyboardEvent, hotkey)).toBe(false);
  });
});
