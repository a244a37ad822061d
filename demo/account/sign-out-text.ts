import { type ListsView } from '../model/lists.ts';
import { formatCount } from '../sync/format-span.ts';

/** A change that only this device has, by its visible name. */
export interface WaitingChange {
  readonly id: string;
  readonly text: string;
  readonly list: string | undefined;
}

/** More names would push the buttons off the screen. */
const maxNamed = 5;

/** The changes with a visible name, and how many more there are. */
export function waitingChanges(
  ids: readonly string[],
  { lists }: ListsView,
): { readonly named: readonly WaitingChange[]; readonly more: number } {
  const waiting = new Set(ids);
  const named = lists.flatMap((list) => [
    ...list.items.flatMap(({ id, text, picture }) => [
      ...(waiting.has(id) ? [{ id, text, list: list.title }] : []),
      ...(picture && waiting.has(picture.id)
        ? [{ id: picture.id, text: `The picture of “${text}”`, list: list.title }]
        : []),
    ]),
    ...(waiting.has(list.id) ? [{ id: list.id, text: `The list “${list.title}”`, list: undefined }] : []),
  ]);
  const shown = named.slice(0, maxNamed);
  return { named: shown, more: ids.length - shown.length };
}

export function notConfirmedTitle(count: number): string {
  if (count === 0) return 'Some changes may not be confirmed yet';
  return `${formatCount(count, 'change is', 'changes are')} not confirmed yet`;
}

export function lossText(count: number): string {
  if (count === 0) return 'Sign out anyway';
  return `Sign out now and lose the ${formatCount(count, 'change', 'changes')}`;
}
