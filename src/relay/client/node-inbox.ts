import { cojsonInternals, type LocalNode, type SyncMessage } from 'cojson';
import { sizeOfMessage } from './message-size.ts';

/** Passes one client's messages to the node, and limits how many wait there and how much content waits for its commit. */
export interface NodeInbox {
  readonly channel: InstanceType<typeof cojsonInternals.ConnectedPeerChannel>;
  deliver(message: SyncMessage): void;
  /** True while the node has too many unhandled messages of this client. Poll it again in the next turn. */
  isBusy(): boolean;
  /** Whether the node has handled all messages of this client. */
  hasHandledAll(): boolean;
  /** True while too much content waits for its commit. `committed` is called once there is room. */
  isFull(): boolean;
  close(): void;
}

export interface NodeInboxOptions {
  readonly node: LocalNode;
  readonly id: string;
  /** Calls `run` once everything stored so far is committed or abandoned. */
  onceWritten(run: () => void): void;
  committed(): void;
}

const maxMessagesInNode = 100;
/** How far one client's commits may lag: more would delay other clients' writes; less would leave the next commit empty. */
export const uncommittedBytes = 2_000_000;

export function createNodeInbox({ node, id, onceWritten, committed }: NodeInboxOptions): NodeInbox {
  const channel = new cojsonInternals.ConnectedPeerChannel();
  let deliveredCount = 0;
  let bytes = 0;
  /** The messages whose commit is awaited; later ones belong to the next batch. */
  let batch: { readonly upTo: number; readonly bytes: number } | undefined;
  let isWriting = false;
  let isCheckDue = false;
  let isClosed = false;

  const isFull = () => bytes >= uncommittedBytes;

  function unhandledCount(): number {
    const peer = node.syncManager.peers[id];
    return (peer && node.syncManager.messagesQueue.peerToQueue.get(peer)?.length) ?? 0;
  }

  function check(): void {
    if (isClosed || isWriting) return;
    if (!batch && bytes >= uncommittedBytes / 2) batch = { upTo: deliveredCount, bytes };
    if (!batch) return;
    // The node stores content in the same turn as it handles the message, and handles one client's messages in order.
    if (deliveredCount - unhandledCount() >= batch.upTo) return write(batch);
    if (!isFull() || isCheckDue) return;
    isCheckDue = true;
    setImmediate(() => {
      isCheckDue = false;
      check();
    });
  }

  function write(written: { readonly bytes: number }): void {
    isWriting = true;
    onceWritten(() => {
      isWriting = false;
      batch = undefined;
      bytes -= written.bytes;
      check();
      if (!isClosed) committed();
    });
  }

  return {
    channel,
    deliver(message) {
      channel.push(message);
      deliveredCount++;
      if (message.action !== 'content') return;
      bytes += sizeOfMessage(message);
      check();
    },
    isBusy: () => unhandledCount() >= maxMessagesInNode,
    hasHandledAll: () => unhandledCount() === 0,
    isFull,
    close() {
      isClosed = true;
      channel.push('Disconnected');
    },
  };
}
