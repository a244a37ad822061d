import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import {
  covers,
  deletionOnly,
  isEmpty,
  lowerOf,
  mergeCounts,
  missingIn,
  missingSessions,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { CountedRung } from '../rungs.ts';

/** One CoValue's edits that have not arrived everywhere, and how far they have got. Immutable. */
export interface PendingEdits {
  /** Oldest first. `elapsedMs`: when this run counted the first of them. */
  readonly edits: readonly {
    readonly sinceMs: number;
    readonly elapsedMs?: number;
    readonly need: KnownCounts;
  }[];
  readonly saved: KnownCounts;
  /** By relay ID. A relay without an entry has reported nothing and has been sent nothing. */
  readonly atRelays: Readonly<Record<string, AtRelay>>;
}

/** How far a CoValue's edits have got towards one relay. */
export interface AtRelay {
  readonly sent: KnownCounts;
  readonly confirmed: KnownCounts;
  /** When the latest content sent was handed to the network. */
  readonly sentAtMs?: number;
  /** Why the edits are stuck, if the relay or this device gave a reason. */
  readonly error?: KernelError;
}

/** Edits within this time share one timestamp. */
const sameMomentMs = 250;
const maxMoments = 200;

export const noEdits: PendingEdits = { edits: [], saved: {}, atRelays: {} };
const nothingYet: AtRelay = { sent: {}, confirmed: {} };

export function withEdit(
  pending: PendingEdits,
  need: KnownCounts,
  clock: Pick<Clock, 'nowMs' | 'elapsedMs'>,
  hasArrived: (need: KnownCounts) => boolean,
): PendingEdits {
  const elapsedMs = clock.elapsedMs();
  // Under continuous edits the oldest entry would never leave: drop entries that have arrived and that this edit covers.
  const edits = pending.edits.filter((edit) => !covers(need, edit.need) || !hasArrived(edit.need));
  const last = edits.at(-1);
  // After a long time offline only the first timestamps matter: merge the rest into one.
  const joins =
    last && (elapsedMs - (last.elapsedMs ?? -Infinity) < sameMomentMs || edits.length >= maxMoments);
  if (joins) edits.pop();
  edits.push(
    joins ? { ...last, need: mergeCounts(last.need, need) } : { sinceMs: clock.nowMs(), elapsedMs, need },
  );
  return { ...pending, edits };
}

/** Adds an edit that may be older than all others. */
export function withEarlierEdit(pending: PendingEdits, need: KnownCounts, sinceMs: number): PendingEdits {
  const edits = [...pending.edits, { sinceMs, need }].toSorted((a, b) => a.sinceMs - b.sinceMs);
  return { ...pending, edits };
}

export function withSaved(pending: PendingEdits, counts: KnownCounts): PendingEdits {
  return { ...pending, saved: mergeCounts(pending.saved, counts) };
}

export function withSent(
  pending: PendingEdits,
  relayID: string,
  counts: KnownCounts,
  nowMs: number,
): PendingEdits {
  const { sent, ...before } = atRelay(pending, relayID);
  return withRelay(pending, relayID, { ...before, sent: mergeCounts(sent, counts), sentAtMs: nowMs });
}

export function withConfirmed(pending: PendingEdits, relayID: string, counts: KnownCounts): PendingEdits {
  const { confirmed, ...before } = atRelay(pending, relayID);
  const next = withRelay(pending, relayID, { ...before, confirmed: mergeCounts(confirmed, counts) });
  return isAt(next, 'confirmed', relayID) ? withoutError(next, relayID) : next;
}

/** What of the edits the relay confirms in `after`, and did not in `before`. */
export function newlyConfirmed(before: PendingEdits, after: PendingEdits, relayID: string): KnownCounts {
  const [had, has] = [atRelay(before, relayID).confirmed, atRelay(after, relayID).confirmed];
  const need = Object.entries(needOf(after)).map(
    ([session, count]) => [session, Math.min(count, has[session] ?? 0)] as const,
  );
  return missingIn(had, Object.fromEntries(need.filter(([, count]) => count > 0)));
}

/** Forgets what was sent over a connection, and why it was stuck. What the relay has confirmed, it has. */
export function withoutConnection(pending: PendingEdits, relayID: string): PendingEdits {
  const before = pending.atRelays[relayID];
  return before ? withRelay(pending, relayID, { sent: {}, confirmed: before.confirmed }) : pending;
}

/** Forgets what the relay has confirmed, too. */
export function withoutRelay(pending: PendingEdits, relayID: string): PendingEdits {
  return pending.atRelays[relayID] ? withRelay(pending, relayID, nothingYet) : pending;
}

/** Call when the relay lacks what another tab announced as confirmed. */
export function withoutConfirmed(pending: PendingEdits, relayID: string, lacking: KnownCounts): PendingEdits {
  const before = atRelay(pending, relayID);
  const confirmed = missingSessions(lacking, before.confirmed);
  const isSame = Object.keys(confirmed).length === Object.keys(before.confirmed).length;
  return isSame ? pending : withRelay(pending, relayID, { ...before, confirmed });
}

export function withError(pending: PendingEdits, relayID: string, error: KernelError): PendingEdits {
  return withRelay(pending, relayID, { ...atRelay(pending, relayID), error });
}

export function needOf({ edits }: PendingEdits): KnownCounts {
  return edits.reduce<KnownCounts>((all, { need }) => mergeCounts(all, need), {});
}

/** Also without errors, which tell why the other edits were stuck. */
export function onlyDeletion(pending: PendingEdits): PendingEdits {
  const edits = pending.edits
    .map(({ sinceMs, need }) => ({ sinceMs, need: deletionOnly(need) }))
    .filter(({ need }) => !isEmpty(need));
  return Object.keys(pending.atRelays).reduce(withoutError, { ...pending, edits });
}

/** Without what goes beyond this. */
export function upTo(pending: PendingEdits, left: KnownCounts): PendingEdits {
  if (covers(left, needOf(pending))) return pending;
  const edits = pending.edits
    .map((edit) => ({ ...edit, need: lowerOf(edit.need, left) }))
    .filter(({ need }) => !isEmpty(need));
  return { ...pending, edits };
}

export function atRelay({ atRelays }: PendingEdits, relayID: string): AtRelay {
  return atRelays[relayID] ?? nothingYet;
}

/** Whether all edits have reached this rung at the relay. Confirmed implies sent. */
export function isAt(pending: PendingEdits, rung: 'sent' | 'confirmed', relayID: string): boolean {
  const have = rung === 'sent' ? sentAt(pending, relayID) : confirmedAt(pending, relayID);
  return pending.edits.every(({ need }) => covers(have, need));
}

/** Whether edits up to `need` have reached this rung, at every relay if there are several. */
export function hasReached(
  pending: PendingEdits,
  rung: CountedRung,
  relayIDs: readonly string[],
  need: KnownCounts,
): boolean {
  if (rung === 'saved') return covers(pending.saved, need);
  const reachedAt = rung === 'sent' ? sentAt : confirmedAt;
  return relayIDs.length > 0 && relayIDs.every((id) => covers(reachedAt(pending, id), need));
}

/** Since when an edit has been waiting for this rung; undefined if none is. Without a relay, no edit gets beyond saved. */
export function pendingSinceMs(
  pending: PendingEdits,
  rung: CountedRung,
  relayIDs: readonly string[],
): number | undefined {
  return pending.edits.find(({ need }) => !hasReached(pending, rung, relayIDs, need))?.sinceMs;
}

/** The first error reported by a relay, or by this device on its behalf. */
export function errorOf({ atRelays }: PendingEdits): KernelError | undefined {
  for (const { error } of Object.values(atRelays)) if (error) return error;
  return undefined;
}

function confirmedAt(pending: PendingEdits, relayID: string): KnownCounts {
  return atRelay(pending, relayID).confirmed;
}

function sentAt(pending: PendingEdits, relayID: string): KnownCounts {
  const { sent, confirmed } = atRelay(pending, relayID);
  return mergeCounts(sent, confirmed);
}

function withRelay(pending: PendingEdits, relayID: string, at: AtRelay): PendingEdits {
  return { ...pending, atRelays: { ...pending.atRelays, [relayID]: at } };
}

function withoutError(pending: PendingEdits, relayID: string): PendingEdits {
  const { error: _, ...at } = atRelay(pending, relayID);
  return withRelay(pending, relayID, at);
}
