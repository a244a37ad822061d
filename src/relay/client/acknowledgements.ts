import type { Peer, SyncMessage } from 'cojson';

export interface Commits {
  afterCommit(id: string | undefined, run: () => void): void;
}

export interface Acknowledgements {
  /** The peer, wrapped so that each claim goes out only once the content it covers is committed. */
  readonly peer: Peer;
  /** Stops acknowledging the CoValue: clients count transactions, so they would count refused ones too. */
  suppress(id: string): void;
}

/** Delays claims to have content until that content is committed: clients treat it as durable from then on. */
export function delayAcknowledgements(peer: Peer, commits: Commits): Acknowledgements {
  const { outgoing } = peer;
  let isClosed = false;
  /** Created on demand, because thousands of idle connections need none. */
  let suppressed: Set<string> | undefined;

  function isSuppressed(id: string | undefined): boolean {
    return suppressed !== undefined && (id === undefined || suppressed.has(id));
  }

  function send(message: SyncMessage): void {
    if (!isClosed) outgoing.push(message);
  }

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
          if (!claimsContent(message)) return send(message);
          const id = message.action === 'reconcile-ack' ? undefined : message.id;
          // cojson acknowledges content before it stores it, within the same turn.
          queueMicrotask(() =>
            commits.afterCommit(id, () => {
              if (!isSuppressed(id)) send(message);
            }),
          );
        },
        close,
        onClose: (listener) => outgoing.onClose(listener),
      },
    },
    suppress: (id) => void (suppressed ??= new Set()).add(id),
  };
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
