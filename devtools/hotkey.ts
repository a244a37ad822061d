export interface Hotkey {
  /** `KeyboardEvent.code`, because the character that Alt types differs by system. */
  readonly code: string;
  readonly alt: boolean;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
  /** The readable form. */
  readonly text: string;
}

const modifiers = ['Ctrl', 'Alt', 'Shift', 'Meta'];

/** Parses modifiers and a letter, digit or `KeyboardEvent.code`, as in "Alt+Shift+M". Throws a TypeError if invalid. */
export function parseHotkey(text: string): Hotkey {
  const parts = text.split('+').map((part) => part.trim());
  const key = parts.at(-1) ?? '';
  const held = parts.slice(0, -1);
  const isModifier = (part: string) => modifiers.includes(part);
  if (held.length === 0 || !held.every(isModifier) || isModifier(key) || !/^\w+$/.test(key)) {
    throw new TypeError(
      `“${text}” is not a valid hotkey. Name modifiers (${modifiers.join(', ')}) and one key, as in “Alt+Shift+M”.`,
    );
  }
  return {
    code: codeOf(key),
    alt: held.includes('Alt'),
    ctrl: held.includes('Ctrl'),
    meta: held.includes('Meta'),
    shift: held.includes('Shift'),
    text,
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

/** Whether the target accepts text. Hotkeys are ignored there, because Alt may compose a letter. */
export function isEditable(target: EventTarget | null | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea, select');
}

function codeOf(key: string): string {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  return /^\d$/.test(key) ? `Digit${key}` : key;
}
