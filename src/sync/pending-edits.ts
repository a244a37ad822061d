import type { KernelError } from '../base/kernel-error.ts';
import {
  covers,
  deletionOnly,
  isNothing,
  joined,
  missingSessions,
  type Coverage,
} from '../engine/known-counts.ts';

/** One CoValue's edits that have not got everywhere yet, and how far they got. Immutable. */
export interface PendingEdits {
  /** Oldest first. */
  readonly edits: readonly { readonly sinceMs: number; readonly need: Coverage }[];
  readonly saved: Coverage;
  /** By the relay's id. One that is not here has said nothing, and was sent nothing. */
  readonly atRelays: Readonly<Record<string, AtRelay>>;
}

/** How far a CoValue's edits got on the way to one relay. */
export interface AtRelay {
  readonly sent: Coverage;
  readonly confirmed: Coverage;
  /** When what was sent last was drained to the network. */
  readonly sentAtMs?: number;
  /** Why it does not get further, where the relay or this device said so. */
  readonly error?: KernelError;
}

export const rungNames = ['saved', 'sent', 'confirmed'] as const;
export type RungName = (typeof rungNames)[number];

/** Edits that follow each other this closely are told apart by nobody. */
const sameMomentMs = 250;
const mostMoments = 200;

export const noEdits: PendingEdits = { edits: [], saved: {}, atRelays: {} };
const nothingYet: AtRelay = { sent: {}, confirmed: {} };

export function withEdit(
  pending: PendingEdits,
  need: Coverage,
  nowMs: number,
  hasArrived: (need: Coverage) => boolean,
): PendingEdits {
  // What is edited without pause would be held up by its first moments for ever: this edit speaks for those that arrived.
  const edits = pending.edits.filter((edit) => !covers(need, edit.need) || !hasArrived(edit.need));
  const last = edits.at(-1);
  // Of a long time offline the first moments matter: the rest is one.
  const joins = last && (nowMs - last.sinceMs < sameMomentMs || edits.length >= mostMoments);
  if (joins) edits.pop();
  edits.push(joins ? { sinceMs: last.sinceMs, need: joined(last.need, need) } : { sinceMs: nowMs, need });
  return { ...pending, edits };
}

export function withSaved(pending: PendingEdits, coverage: Coverage): PendingEdits {
  return { ...pending, saved: joined(pending.saved, coverage) };
}

export function withSent(
  pending: PendingEdits,
  relayID: string,
  coverage: Coverage,
  nowMs: number,
): PendingEdits {
  const { sent, ...before } = atRelay(pending, relayID);
  return withRelay(pending, relayID, { ...before, sent: joined(sent, coverage), sentAtMs: nowMs });
}

export function withConfirmed(pending: PendingEdits, relayID: string, coverage: Coverage): PendingEdits {
  const { confirmed, ...before } = atRelay(pending, relayID);
  const next = withRelay(pending, relayID, { ...before, confirmed: joined(confirmed, coverage) });
  return isAt(next, 'confirmed', relayID) ? withoutError(next, relayID) : next;
}

/** What a connection carried is told again on the next one. */
export function withoutConnection(pending: PendingEdits, relayID: string): PendingEdits {
  if (!pending.atRelays[relayID]) return pending;
  return withRelay(pending, relayID, nothingYet);
}

/** The relay itself says that it lacks what somebody else, or a guess, had it have. */
export function withoutWord(pending: PendingEdits, relayID: string, lacking: Coverage): PendingEdits {
  const before = atRelay(pending, relayID);
  const confirmed = missingSessions(lacking, before.confirmed);
  const isSame = Object.keys(confirmed).length === Object.keys(before.confirmed).length;
  return isSame ? pending : withRelay(pending, relayID, { ...before, confirmed });
}

export function withError(pending: PendingEdits, relayID: string, error: KernelError): PendingEdits {
  return withRelay(pending, relayID, { ...atRelay(pending, relayID), error });
}

/** All that its edits need, together. */
export function needOf({ edits }: PendingEdits): Coverage {
  return edits.reduce<Coverage>((all, { need }) => joined(all, need), {});
}

export function onlyDeletion(pending: PendingEdits): PendingEdits {
  const edits = pending.edits
    .map(({ sinceMs, need }) => ({ sinceMs, need: deletionOnly(need) }))
    .filter(({ need }) => !isNothing(need));
  return { ...pending, edits };
}

export function atRelay({ atRelays }: PendingEdits, relayID: string): AtRelay {
  return atRelays[relayID] ?? nothingYet;
}

/** Whether all its edits have got there. Confirmed includes sent. */
export function isAt(pending: PendingEdits, rung: 'sent' | 'confirmed', relayID: string): boolean {
  const have = reachedAt(pending, rung, relayID);
  return pending.edits.every(({ need }) => covers(have, need));
}

/** What has got to this rung. Of several relays, what has got to that rung at each. */
export function hasReached(
  pending: PendingEdits,
  rung: RungName,
  relayIDs: readonly string[],
  need: Coverage,
): boolean {
  if (rung === 'saved') return covers(pending.saved, need);
  return relayIDs.length > 0 && relayIDs.every((id) => covers(reachedAt(pending, rung, id), need));
}

/** Since when an edit waits for this rung; undefined where all have reached it. Without a relay none gets further than saved. */
export function pendingSinceMs(
  pending: PendingEdits,
  rung: RungName,
  relayIDs: readonly string[],
): number | undefined {
  return pending.edits.find(({ need }) => !hasReached(pending, rung, relayIDs, need))?.sinceMs;
}

/** The first of what the relays, or this device about one of them, said. */
export function errorOf({ atRelays }: PendingEdits): KernelError | undefined {
  for (const { error } of Object.values(atRelays)) if (error) return error;
  return undefined;
}

function reachedAt(pending: PendingEdits, rung: 'sent' | 'confirmed', relayID: string): Coverage {
  const { sent, confirmed } = atRelay(pending, relayID);
  return rung === 'sent' ? joined(sent, confirmed) : confirmed;
}

function withRelay(pending: PendingEdits, relayID: string, at: AtRelay): PendingEdits {
  return { ...pending, atRelays: { ...pending.atRelays, [relayID]: at } };
}

function withoutError(pending: PendingEdits, relayID: string): PendingEdits {
  const { error: _, ...at } = atRelay(pending, relayID);
  return withRelay(pending, relayID, at);
}
