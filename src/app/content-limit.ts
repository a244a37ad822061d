import type { LocalNode, RawCoID } from 'cojson';
import { sessionsOf, transactionBytes, type Content } from '../engine/content.ts';
import { announcedSessionsOf, getKnownCoValue } from '../engine/covalue-lookup.ts';
import { interceptContent } from '../engine/node-events.ts';
import { notifySoon } from '../engine/private-methods.ts';

/** Bounds the memory that a CoValue takes, whatever is sent of it. */
export interface ContentLimit {
  /** From now on, counts what arrives of the CoValue, and drops what is beyond the limit. */
  watch(id: RawCoID): void;
  /** Drops all that arrives of the CoValue from now on. */
  refuse(id: RawCoID): void;
  isRefused(id: RawCoID): boolean;
  end(): void;
}

/** With `alsoStored`, what this device has stored counts and is dropped, too. */
export function limitContent(
  node: LocalNode,
  { maxBytes, alsoStored = false }: { readonly maxBytes: number; readonly alsoStored?: boolean },
): ContentLimit {
  /** By CoValue. Also of those that nothing watches any more, because relays go on sending them. */
  const bytesByID = new Map<RawCoID, number>();

  function isRefused(id: RawCoID): boolean {
    return (bytesByID.get(id) ?? 0) > maxBytes;
  }

  function refuse(id: RawCoID): void {
    bytesByID.set(id, Infinity);
  }

  const end = interceptContent(node, 'size-limit', (next) => (content, from) => {
    const { id } = content;
    const before = bytesByID.get(id);
    const isFromRelay = typeof from === 'object';
    if (before === undefined || !(isFromRelay || alsoStored)) return next(content, from);
    // What was unloaded takes no memory any more.
    const isHeld = isRefused(id) || getKnownCoValue(node, id)?.verified;
    bytesByID.set(id, (isHeld ? before : 0) + newBytes(node, content));
    if (!isRefused(id)) return next(content, from);
    if (isFromRelay) announcedSessionsOf(node)?.withdraw(id, from.id);
    // Without any answer, the download would never end.
    const { expectContentUntil: _, ...rest } = content;
    next({ ...rest, new: {} }, from);
    const core = getKnownCoValue(node, id);
    if (core) notifySoon(core);
  });

  return {
    watch: (id) => void bytesByID.set(id, bytesByID.get(id) ?? 0),
    refuse,
    isRefused,
    end,
  };
}

/** Of what this device does not have yet. */
function newBytes(node: LocalNode, content: Content): number {
  const { verified } = getKnownCoValue(node, content.id) ?? {};
  let bytes = 0;
  for (const [sessionID, { after, newTransactions }] of sessionsOf(content)) {
    const had = verified?.getTransactionsCount(sessionID) ?? 0;
    for (const one of newTransactions.slice(Math.max(had - after, 0))) bytes += transactionBytes(one);
  }
  return bytes;
}
