import type { Peer, SyncMessage } from 'cojson';

/** Where it is known when stored content is committed; see `SqlStorage`. */
export interface Commits {
  afterCommit(id: string | undefined, run: () => void): void;
}

/** Lets nothing out that claims content which is not committed: a client may call durable what it is told is there. */
export function holdAcknowledgements(peer: Peer, commits: Commits): Peer {
  const { outgoing } = peer;
  let isClosed = false;

  function send(message: SyncMessage): void {
    if (!isClosed) outgoing.push(message);
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
        // cojson acknowledges content before it stores it, in the same turn: what to wait for is known after that.
        queueMicrotask(() => commits.afterCommit(id, () => send(message)));
      },
      close,
      onClose: (listener) => outgoing.onClose(listener),
    },
  };
}

/** Another device may see an edit before it is durable, for nobody takes received content for a confirmation. */
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
