import { type ListsView } from '../model/lists.ts';
import { countWords } from '../sync/format-span.ts';

/** A change that only this device has, by what the person calls it. */
export interface WaitingChange {
  readonly id: string;
  readonly text: string;
  readonly list: string | undefined;
}

/** How many are named; more of them would push the choice off the screen. */
const mostNamed = 5;

/** The changes behind these ids that the person can recognise, and how many more there are. */
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
  const shown = named.slice(0, mostNamed);
  return { named: shown, more: ids.length - shown.length };
}

export function notConfirmedTitle(count: number): string {
  if (count === 0) return 'Some changes may not be confirmed yet';
  return `${countWords(count, 'change is', 'changes are')} not confirmed yet`;
}

export function loseWords(count: number): string {
  if (count === 0) return 'Sign out now all the same';
  return `Sign out now and lose the ${countWords(count, 'change', 'changes')}`;
}
