import { isUndo } from '../ui/keys.ts';

/** The actions that keys trigger on a focused item. */
export type ItemKey =
  | 'toggle'
  | 'edit'
  | 'remove'
  | 'undo'
  | 'show-keys'
  | 'move-up'
  | 'move-down'
  | 'focus-previous'
  | 'focus-next';

/** Undefined if the key has no action here and the browser should handle it. */
export function itemKey(event: KeyboardEvent): ItemKey | undefined {
  if (isUndo(event)) return 'undo';
  if (event.ctrlKey || event.metaKey) return undefined;
  if (event.altKey) {
    return event.key === 'ArrowUp' ? 'move-up' : event.key === 'ArrowDown' ? 'move-down' : undefined;
  }
  switch (event.key) {
    case ' ':
      return 'toggle';
    case 'F2':
      return 'edit';
    case 'Delete':
    case 'Backspace':
      return 'remove';
    case '?':
      return 'show-keys';
    case 'ArrowUp':
      return 'focus-previous';
    case 'ArrowDown':
      return 'focus-next';
    default:
      return undefined;
  }
}
