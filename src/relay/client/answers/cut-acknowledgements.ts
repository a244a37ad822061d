import type { LocalNode, SyncMessage } from 'cojson';
import { sessionsOf, type Content } from '../../../engine/content.ts';
import { getKnownCoValue } from '../../../engine/covalue-lookup.ts';
import { interceptContent } from '../../../engine/node-events.ts';
import type { HiFrame } from '../../../wire/frames.ts';

/** The content that the node handles now. cojson acknowledges it in the same call. */
export interface HandledContent {
  /** The client that has sent it. */
  senderID(): string | undefined;
  from(peerID: string): Content | undefined;
}

/**
 * Shortens one client's acknowledgements of content to the sessions of that content. cojson merges them with earlier messages.
 * Of a CoValue with thousands of sessions, each would name them all.
 */
export interface CutAcknowledgements {
  /** The client is a kernel. */
  greeted(hi: HiFrame): void;
  /** Call with each message of the client, before the node handles it. */
  received(message: SyncMessage): void;
  /** Returns what to send instead of the node's message. */
  cut(message: SyncMessage): SyncMessage;
}

type Known = Extract<SyncMessage, { action: 'known' }>;

/** A stock client gets whole acknowledgements up to this many sessions, as from a stock server. */
export const maxWholeSessions = 64;

export function followHandledContent(node: LocalNode): HandledContent {
  let current: { readonly content: Content; readonly peerID: string } | undefined;
  interceptContent(node, 'acknowledging', (next) => (content, from) => {
    const outer = current;
    current = typeof from === 'string' ? undefined : { content, peerID: from.id };
    try {
      next(content, from);
    } finally {
      current = outer;
    }
  });
  return {
    senderID: () => current?.peerID,
    from: (peerID) => (current?.peerID === peerID ? current.content : undefined),
  };
}

export function createCutAcknowledgements(options: {
  readonly node: LocalNode;
  readonly peerID: string;
  readonly handled: Pick<HandledContent, 'from'>;
  /** Whether some of the CoValue's content was refused. The client then needs the counts of all sessions. */
  readonly isLimited: (id: string) => boolean;
}): CutAcknowledgements {
  const { node, peerID, handled, isLimited } = options;
  /** How many sessions an acknowledgement may have before it is cut. */
  let maxWhole = maxWholeSessions;
  /**
   * CoValues of which the client has something, without knowing how much of it the relay has. A cut acknowledgement would
   * make it send all the rest.
   */
  let unanswered: Set<string> | undefined;

  /** The content that the message acknowledges; undefined if the client must get all of the message. */
  function acknowledged(message: Known): Content | undefined {
    const { id, header, isCorrection } = message;
    const content = handled.from(peerID);
    if (!header || isCorrection || content?.id !== id) return undefined;
    // Of a deleted CoValue, cojson acknowledges whatever the client has.
    const isWhole = unanswered?.has(id) || isLimited(id) || getKnownCoValue(node, id)?.isDeleted;
    return isWhole ? undefined : content;
  }

  function shorten(message: Known, content: Content): SyncMessage {
    const total = Object.keys(message.sessions).length;
    if (total <= maxWhole) return message;
    const sessions = namedIn(message, content);
    const count = Object.keys(sessions).length;
    // Without any session, it is the answer to content that was refused.
    if (count === 0 || count === total) return message;
    const cut = { ...message, sessions, partial: true };
    return cut;
  }

  return {
    greeted: ({ cutAcks }) => void (maxWhole = cutAcks === true ? 0 : Infinity),
    received(message) {
      if (message.action === 'load' && message.header) (unanswered ??= new Set()).add(message.id);
    },
    cut(message) {
      if (message.action !== 'known' && message.action !== 'load') return message;
      if (message.action === 'known') {
        const content = acknowledged(message);
        if (content) return shorten(message, content);
      }
      unanswered?.delete(message.id);
      if (unanswered?.size === 0) unanswered = undefined;
      return message;
    },
  };
}

function namedIn({ sessions }: Known, content: Content): Known['sessions'] {
  const named: Known['sessions'] = {};
  for (const [sessionID] of sessionsOf(content)) {
    const count = sessions[sessionID];
    if (count !== undefined) named[sessionID] = count;
  }
  return named;
}
