import type { SyncMessage } from 'cojson';

/**
 * Limits what is acknowledged of sessions of which this client's content was refused: other clients may send a different
 * continuation later.
 */
export interface ClaimLimits {
  add(id: string, sessionID: string, count: number): void;
  remove(id: string, sessionID: string): void;
  has(id: string): boolean;
  /** Undefined if nothing may be acknowledged. */
  apply(message: SyncMessage): SyncMessage | undefined;
}

/** Beyond these, nothing of the CoValue is acknowledged. */
export const maxLimits = 10_000;

export function createClaimLimits(): ClaimLimits {
  const limitsByID = new Map<string, Map<string, number>>();
  const withheld = new Set<string>();
  let size = 0;

  return {
    add(id, sessionID, count) {
      const limits = limitsByID.get(id) ?? new Map<string, number>();
      const earlier = limits.get(sessionID);
      if (earlier === undefined && size >= maxLimits) return void withheld.add(id);
      if (earlier === undefined) size++;
      limitsByID.set(id, limits);
      limits.set(sessionID, Math.min(count, earlier ?? count));
    },
    remove(id, sessionID) {
      const limits = limitsByID.get(id);
      if (limits?.delete(sessionID)) size--;
      if (limits?.size === 0) limitsByID.delete(id);
    },
    has: (id) => limitsByID.has(id),
    apply(message) {
      if (message.action !== 'known' && message.action !== 'load') return message;
      if (withheld.has(message.id)) return undefined;
      const limits = limitsByID.get(message.id);
      if (!limits) return message;
      const sessions = { ...message.sessions };
      for (const [sessionID, count] of limits) {
        const session = sessionID as keyof typeof sessions;
        if ((sessions[session] ?? 0) > count) sessions[session] = count;
      }
      return { ...message, sessions };
    },
  };
}
