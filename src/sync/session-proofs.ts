import type { SyncMessage } from 'cojson';
import {
  sessionsOf,
  type Content,
  type KnownState,
  type RawCoID,
  type Signature,
} from '../engine/content.ts';
import type { KnownCounts } from '../engine/known-counts.ts';

/** What this device has of a session. */
export interface SessionEnd {
  readonly sessionID: string;
  readonly count: number;
  /** Of the last of these transactions, which covers all of them. */
  readonly signature: Signature;
}

/**
 * Tells whether a relay's transactions of a session are this device's, or were written by a copy of the browser profile
 * under the same session ID. Asks the relay for the last one only, because its signature covers all before it.
 */
export interface SessionProofs {
  /** `known`: what the relay has of the CoValue. Returns false if it has been asked too often without an answer. */
  ask(id: RawCoID, known: KnownCounts, end: SessionEnd): boolean;
  /** Whether the relay has yet to answer. */
  isOpen(id: RawCoID, sessionID: string): boolean;
  /** Call when a message arrives. Returns what cojson may handle: the relay was asked for the rest only to compare it. */
  arriving(message: SyncMessage): SyncMessage | undefined;
  lost(): void;
}

/** A relay answers only the later of two questions about a CoValue that it is loading, and the other may be cojson's. */
const mostAttempts = 3;

interface Question extends SessionEnd {
  readonly attempt: number;
}

export function createSessionProofs(options: {
  /** Sends a `load` that says that this device has this state. */
  readonly askAbout: (state: KnownState) => void;
  readonly onCompared: (id: RawCoID, end: SessionEnd, isSame: boolean) => void;
}): SessionProofs {
  const askedByID = new Map<RawCoID, readonly Question[]>();

  /** Splits off the sessions whose asked transactions the content contains. */
  function compare(content: Content, asked: readonly Question[]): SyncMessage | undefined {
    const { id } = content;
    const rest = sessionsOf(content).filter(([sessionID, { after, newTransactions, lastSignature }]) => {
      const end = asked.find((other) => other.sessionID === sessionID);
      const count = after + newTransactions.length;
      if (!end || count < end.count) return true;
      remove(id, end);
      options.onCompared(id, end, count === end.count && lastSignature === end.signature);
      return false;
    });
    return content.header || rest.length > 0 ? { ...content, new: Object.fromEntries(rest) } : undefined;
  }

  function remove(id: RawCoID, end: Question): void {
    const left = (askedByID.get(id) ?? []).filter((other) => other !== end);
    if (left.length > 0) askedByID.set(id, left);
    else askedByID.delete(id);
  }

  function questionOf(id: RawCoID, sessionID: string): Question | undefined {
    return askedByID.get(id)?.find((question) => question.sessionID === sessionID);
  }

  return {
    ask(id, { header = 0, ...sessions }, end) {
      const before = questionOf(id, end.sessionID);
      if (before) remove(id, before);
      const attempt = (before?.attempt ?? 0) + 1;
      if (attempt > mostAttempts) return false;
      askedByID.set(id, [...(askedByID.get(id) ?? []), { ...end, attempt }]);
      options.askAbout({ id, header: header > 0, sessions: { ...sessions, [end.sessionID]: end.count - 1 } });
      return true;
    },
    isOpen: (id, sessionID) => questionOf(id, sessionID) !== undefined,
    arriving(message) {
      if (message.action !== 'content') return message;
      const asked = askedByID.get(message.id);
      return asked ? compare(message, asked) : message;
    },
    lost: () => askedByID.clear(),
  };
}
