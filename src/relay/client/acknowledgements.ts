import type { Peer, SyncMessage } from 'cojson';
import type { Content } from '../../engine/content.ts';
import { createClaimLimits, type ClaimLimits } from './claim-limits.ts';
import { orderContent, type HeldBack } from './order-content.ts';

export interface Commits {
  afterCommit(id: string | undefined, run: () => void): void;
  onceWritten(id: string, run: () => void): void;
}

export interface Acknowledgements {
  /** The peer, wrapped so that each claim goes out only once the content it covers is committed. */
  readonly peer: Peer;
  /** Acknowledges at most `count` transactions of the session: the client has others at the following positions. */
  limit(id: string, sessionID: string, count: number): void;
  unlimit(id: string, sessionID: string): void;
  isLimited(id: string): boolean;
}

/** Delays claims to have content until that content is committed: clients treat it as durable from then on. */
export function delayAcknowledgements(peer: Peer, commits: Commits, heldBack: HeldBack): Acknowledgements {
  const { outgoing } = peer;
  let isClosed = false;
  /** Created on demand, because thousands of idle connections need none. */
  let limits: ClaimLimits | undefined;

  function send(message: SyncMessage): void {
    if (!isClosed) outgoing.push(message);
  }
  const sendContent = orderContent({ onceWritten: commits.onceWritten, heldBack, send });

  function close(): void {
    isClosed = true;
    outgoing.close();
  }

  return {
    peer: {
      ...peer,
      outgoing: {
        push(message) {
          if (message === 'Disconnected') return close();
          if (message.action === 'content') return sendContent(message);
          if (!claimsContent(message)) return send(message);
          const id = message.action === 'reconcile-ack' ? undefined : message.id;
          // cojson acknowledges content before it stores it, within the same turn.
          queueMicrotask(() =>
            commits.afterCommit(id, () => {
              const allowed = limits ? limits.apply(message) : message;
              // The scope of a comparison is not known here.
              const isWhole = message.action === 'reconcile-ack' && limits !== undefined;
              if (allowed && !isWhole) send(allowed);
            }),
          );
        },
        close,
        onClose: (listener) => outgoing.onClose(listener),
      },
    },
    limit: (...limit) => (limits ??= createClaimLimits()).add(...limit),
    unlimit: (id, sessionID) => limits?.remove(id, sessionID),
    isLimited: (id) => limits?.has(id) === true,
  };
}

/** Most content goes out before its commit, because clients do not treat it as a confirmation. */
function claimsContent(message: Exclude<SyncMessage, Content>): boolean {
  switch (message.action) {
    case 'reconcile':
    case 'done':
      return false;
    case 'known':
    case 'load':
      return message.header;
    case 'reconcile-ack':
      return true;
  }
}
