/** Apple keyboards use Command instead of Ctrl and name some keys differently. */
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
