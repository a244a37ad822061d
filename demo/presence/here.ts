import { type Present } from '@MaiaOS/kernel';

/** What this app shows of a person who has a list open. */
export type Shown = { readonly itemID: string | null };

export type Person = Pick<Present, 'accountID' | 'name' | 'isMe' | 'state'>;

/** The other people who are here, each once, on however many devices. */
export function peopleIn(others: readonly Person[]): readonly Person[] {
  return [...new Map(others.filter(({ isMe }) => !isMe).map((one) => [one.accountID, one])).values()];
}

/** Those of them who are editing this item. Their apps may show anything, so it is checked. */
export function editorsOf(others: readonly Person[], itemID: string): readonly Person[] {
  return peopleIn(
    others.filter(
      ({ state }) =>
        typeof state === 'object' && state !== null && 'itemID' in state && state.itemID === itemID,
    ),
  );
}
