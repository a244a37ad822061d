import { type CoValueSync, type SyncState } from '@MaiaOS/kernel';
import { type ListsView } from '../model/lists.ts';
import { formatCount } from '../sync/format-span.ts';
import { refusalText } from '../sync/refusal-text.ts';
import { sentence } from '../sync/relay-text.ts';
import { isAllConfirmed } from '../sync/rung-steps.ts';

/** A change that only this device has, by its visible name. */
export interface WaitingChange {
  readonly id: string;
  readonly text: string;
  readonly list: string | undefined;
}

/** More names would push the buttons off the screen. */
const maxNamed = 5;

/** The changes that a sign-out may lose. */
export interface Unconfirmed {
  /** A lower bound. 0: unknown yet. */
  readonly count: number;
  readonly ids: readonly string[];
}

/** What this tab counts as unconfirmed, with the IDs of what has a visible name. Undefined if the relay has everything, or before the first state. */
export function unconfirmedHere(
  state: SyncState | undefined,
  { lists }: ListsView,
  stateOf: (id: string) => { readonly current: Pick<CoValueSync, 'confirmed'> },
): Unconfirmed | undefined {
  if (!state || isAllConfirmed(state)) return undefined;
  const named = lists.flatMap((list) => [
    list.id,
    ...list.items.flatMap(({ id, picture }) => (picture ? [id, picture.id] : [id])),
  ]);
  const ids = named.filter((id) => ['pending', 'failed'].includes(stateOf(id).current.confirmed));
  return { count: Math.max(state.confirmed.pending, ids.length), ids };
}

/** Why the relay confirms nothing until the user or the app acts. Undefined if everything is sent automatically. */
export function whyNotSent(
  state: SyncState,
): { readonly text: string; readonly canResume: boolean } | undefined {
  if (state.status === 'paused') {
    const text = 'Sending is paused in this tab. Resume sending so that the relay can confirm these changes.';
    return { text, canResume: true };
  }
  if (state.status === 'off')
    return { text: 'No relay is set up, so nothing can confirm these changes.', canResume: false };
  const refused = state.peers.find((peer) => peer.phase === 'failed');
  const error = refused?.error ?? state.sent.error ?? state.confirmed.error;
  return error && { text: sentence(refusalText(error)), canResume: false };
}

/** The changes with a visible name, and how many more there are. */
export function waitingChanges(
  { ids, count }: Unconfirmed,
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
  return { named: shown, more: count - shown.length };
}

export function notConfirmedTitle(count: number): string {
  if (count === 0) return 'Some changes may not be confirmed yet';
  return `${formatCount(count, 'change is', 'changes are')} not confirmed yet`;
}

export function lossText(count: number): string {
  if (count === 0) return 'Sign out anyway';
  return `Sign out now and lose the ${formatCount(count, 'change', 'changes')}`;
}
