import type { KernelError } from '../platform/kernel-error.ts';
import { covers, deletionOnly, isNothing, joined, type Coverage } from './coverage.ts';

/** One CoValue's edits that have not got everywhere yet, and how far they got. Immutable. */
export interface PendingEdits {
  /** Oldest first. */
  readonly edits: readonly { readonly sinceMs: number; readonly need: Coverage }[];
  readonly reached: Readonly<Record<RungName, Coverage>>;
  /** When what was sent last was drained to the network. */
  readonly sentAtMs?: number;
  /** Why it does not get further, where a relay or this device said so. */
  readonly error?: KernelError;
}

export type RungName = 'saved' | 'sent' | 'confirmed';

/** Edits that follow each other this closely are told apart by nobody. */
const sameMomentMs = 250;
const mostMoments = 200;

export const noEdits: PendingEdits = { edits: [], reached: { saved: {}, sent: {}, confirmed: {} } };

export function withEdit(pending: PendingEdits, need: Coverage, nowMs: number): PendingEdits {
  const last = pending.edits.at(-1);
  // Of a long time offline the first moments matter: the rest is one.
  const joins = last && (nowMs - last.sinceMs < sameMomentMs || pending.edits.length >= mostMoments);
  const edits = joins
    ? [...pending.edits.slice(0, -1), { sinceMs: last.sinceMs, need: joined(last.need, need) }]
    : [...pending.edits, { sinceMs: nowMs, need }];
  return { ...pending, edits };
}

export function withReached(
  pending: PendingEdits,
  rung: RungName,
  coverage: Coverage,
  nowMs: number,
): PendingEdits {
  const reached = { ...pending.reached, [rung]: joined(pending.reached[rung], coverage) };
  const next = { ...pending, reached, ...(rung === 'sent' && { sentAtMs: nowMs }) };
  return rung === 'confirmed' && pendingSinceMs(next, 'confirmed') === undefined ? withoutError(next) : next;
}

/** What a connection carried is told again on the next one. */
export function withoutConnection(pending: PendingEdits): PendingEdits {
  return { edits: pending.edits, reached: { ...pending.reached, sent: {}, confirmed: {} } };
}

export function withError(pending: PendingEdits, error: KernelError): PendingEdits {
  return { ...pending, error };
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

/** Since when an edit waits for this rung; undefined where all have reached it. Confirmed includes sent. */
export function pendingSinceMs(pending: PendingEdits, rung: RungName): number | undefined {
  const { sent, confirmed } = pending.reached;
  const have = rung === 'sent' ? joined(sent, confirmed) : pending.reached[rung];
  return pending.edits.find(({ need }) => !covers(have, need))?.sinceMs;
}

function withoutError({ error: _, ...pending }: PendingEdits): PendingEdits {
  return pending;
}
