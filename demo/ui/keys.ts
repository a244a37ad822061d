/** On Apple's keyboards the command key does what Ctrl does elsewhere, and keys have other names. */
const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export const undoKeys = isApple ? '⌘ Z' : 'Ctrl Z';
export const pasteKeys = isApple ? '⌘ V' : 'Ctrl V';
export const altKey = isApple ? '⌥' : 'Alt';
export const deleteKey = isApple ? '⌫' : 'Del';

export function isUndo(event: KeyboardEvent): boolean {
  return (
    (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'z'
  );
}
