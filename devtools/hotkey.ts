export interface Hotkey {
  /** A key's place on the keyboard, as `KeyboardEvent.code` has it: what Alt types there differs by system. */
  readonly code: string;
  readonly alt: boolean;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
  /** As a person reads it. */
  readonly words: string;
}

const modifiers = ['Ctrl', 'Alt', 'Shift', 'Meta'];

/** From "Alt+Shift+M": modifiers, then a letter, a digit, or a `KeyboardEvent.code`. Throws where it is none. */
export function parseHotkey(words: string): Hotkey {
  const parts = words.split('+').map((part) => part.trim());
  const key = parts.at(-1) ?? '';
  const held = parts.slice(0, -1);
  const isModifier = (part: string) => modifiers.includes(part);
  if (held.length === 0 || !held.every(isModifier) || isModifier(key) || !/^\w+$/.test(key)) {
    throw new TypeError(
      `“${words}” is no hotkey. Name modifiers (${modifiers.join(', ')}) and one key, as in “Alt+Shift+M”.`,
    );
  }
  return {
    code: codeOf(key),
    alt: held.includes('Alt'),
    ctrl: held.includes('Ctrl'),
    meta: held.includes('Meta'),
    shift: held.includes('Shift'),
    words,
  };
}

export function isHotkey(event: KeyboardEvent, hotkey: Hotkey): boolean {
  return (
    event.code === hotkey.code &&
    event.altKey === hotkey.alt &&
    event.ctrlKey === hotkey.ctrl &&
    event.metaKey === hotkey.meta &&
    event.shiftKey === hotkey.shift &&
    !event.repeat &&
    !event.isComposing
  );
}

/** Where a person types, a hotkey is ignored: Alt may be part of a letter there. */
export function isEditable(target: EventTarget | null | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea, select');
}

function codeOf(key: string): string {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  return /^\d$/.test(key) ? `Digit${key}` : key;
}
