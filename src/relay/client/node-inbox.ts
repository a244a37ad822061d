import { cojsonInternals, type LocalNode, type SyncMessage } from 'cojson';
import { sizeOfMessage } from './message-size.ts';

/** What one client's messages take up in the node: until they are handled there, and until their content is committed. */
export interface NodeInbox {
  /** For cojson's peer. */
  readonly channel: InstanceType<typeof cojsonInternals.ConnectedPeerChannel>;
  give(message: SyncMessage): void;
  /** True while so many messages wait in the node that it is to get no more; looked at again in the next turn. */
  isBusy(): boolean;
  /** True while so much content waits for its commit that no more is to be taken; `committed` is called later. */
  isFull(): boolean;
  close(): void;
}

export interface NodeInboxOptions {
  readonly node: LocalNode;
  /** Of the client's peer. */
  readonly id: string;
  /** Calls `run` once all that was stored so far is committed, or given up. */
  onceWritten(run: () => void): void;
  /** Some content was committed. */
  committed(): void;
}

const messagesInNode = 100;
/**
 * What commits fall behind by at most for one client. It is no more because what others write waits in line behind it,
 * and no less because a commit that is under way is to find the next one's content here.
 */
export const uncommittedBytes = 2_000_000;

export function createNodeInbox({ node, id, onceWritten, committed }: NodeInboxOptions): NodeInbox {
  const channel = new cojsonInternals.ConnectedPeerChannel();
  let givenCount = 0;
  let bytes = 0;
  /** The part whose commit is waited for; what is given meanwhile belongs to the next one. */
  let part: { readonly upTo: number; readonly bytes: number } | undefined;
  let isWriting = false;
  let isLooking = false;
  let isClosed = false;

  const isFull = () => bytes >= uncommittedBytes;

  function waitingCount(): number {
    const peer = node.syncManager.peers[id];
    return (peer && node.syncManager.messagesQueue.peerToQueue.get(peer)?.length) ?? 0;
  }

  function look(): void {
    if (isClosed || isWriting) return;
    if (!part && bytes >= uncommittedBytes / 2) part = { upTo: givenCount, bytes };
    if (!part) return;
    // The node stores in the turn in which it handles a message, and handles a client's in order.
    if (givenCount - waitingCount() >= part.upTo) return write(part);
    if (!isFull() || isLooking) return;
    isLooking = true;
    setImmediate(() => {
      isLooking = false;
      look();
    });
  }

  function write(written: { readonly bytes: number }): void {
    isWriting = true;
    onceWritten(() => {
      isWriting = false;
      part = undefined;
      bytes -= written.bytes;
      look();
      if (!isClosed) committed();
    });
  }

  return {
    channel,
    give(message) {
      channel.push(message);
      givenCount++;
      if (message.action !== 'content') return;
      bytes += sizeOfMessage(message);
      look();
    },
    isBusy: () => waitingCount() >= messagesInNode,
    isFull,
    close() {
      isClosed = true;
      channel.push('Disconnected');
    },
  };
}
