import { describe, expect, it } from 'vitest';
import { isHotkey, parseHotkey } from './hotkey.ts';

describe('parsing', () => {
  it.each([
    ['Alt+Shift+M', { code: 'KeyM', alt: true, ctrl: false, meta: false, shift: true, text: 'Alt+Shift+M' }],
    ['Ctrl+Alt+1', { code: 'Digit1', alt: true, ctrl: true, meta: false, shift: false, text: 'Ctrl+Alt+1' }],
    ['Meta+F2', { code: 'F2', alt: false, ctrl: false, meta: true, shift: false, text: 'Meta+F2' }],
  ])('reads %s', (text, hotkey) => expect(parseHotkey(text)).toEqual(hotkey));

  it.each(['M', '', '+', 'Alt+', 'Strg+M', 'Alt+Shift', 'alt+m'])(
    'refuses “%s” and explains the syntax',
    (text) => {
      expect(() => parseHotkey(text)).toThrow(
        /is not a valid hotkey\. Name modifiers \(Ctrl, Alt, Shift, Meta\)/,
      );
    },
  );
});

describe('matching', () => {
  const press = {
    code: 'KeyM',
    key: 'Â', // what Alt+Shift+M types on a Mac
    altKey: true,
    shiftKey: true,
    ctrlKey: false,
    metaKey: false,
    repeat: false,
    isComposing: false,
  };
  const hotkey = parseHotkey('Alt+Shift+M');

  it('matches the position of the key and exactly these modifiers', () => {
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
  ])('does not match %j', (change) => {
    expect(isHotkey({ ...press, ...change } as KeyboardEvent, hotkey)).toBe(false);
  });
});
