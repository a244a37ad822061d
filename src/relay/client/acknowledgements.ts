import type { Peer, SyncMessage } from 'cojson';

export interface Commits {
  afterCommit(id: string | undefined, run: () => void): void;
}

/** Delays claims to have content until that content is committed: clients treat it as durable from then on. */
export interface Acknowledgements {
  /** Wraps the peer, so that each claim goes out only once the content it covers is committed. */
  delay(peer: Peer): Peer;
  /** Stops acknowledging the CoValue: clients count transactions, so they would count refused ones too. */
  suppress(id: string): void;
}

export function createAcknowledgements(commits: Commits): Acknowledgements {
  const suppressed = new Set<string>();

  function isSuppressed(id: string | undefined): boolean {
    return id === undefined ? suppressed.size > 0 : suppressed.has(id);
  }

  function delay(peer: Peer): Peer {
    const { outgoing } = peer;
    let isClosed = false;

    function send(message: SyncMessage): void {
      if (!isClosed) outgoing.push(message);
    }

    function sendOnceCommitted(id: string | undefined, message: SyncMessage): void {
      commits.afterCommit(id, () => {
        if (!isSuppressed(id)) send(message);
      });
    }

    function close(): void {
      isClosed = true;
      outgoing.close();
    }

    return {
      ...peer,
      outgoing: {
        push(message) {
          if (message === 'Disconnected') return close();
          if (!claimsContent(message)) return send(message);
          const id = message.action === 'reconcile-ack' ? undefined : message.id;
          // cojson acknowledges content before it stores it, within the same turn.
          queueMicrotask(() => sendOnceCommitted(id, message));
        },
        close,
        onClose: (listener) => outgoing.onClose(listener),
      },
    };
  }

  return { delay, suppress: (id) => void suppressed.add(id) };
}

/** Content itself may go out before its commit, because clients do not treat it as a confirmation. */
function claimsContent(message: SyncMessage): boolean {
  switch (message.action) {
    case 'content':
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
