import { cojsonInternals, type LocalNode, type SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { sizeOfMessage } from './message-size.ts';

export interface NodeInboxOptions {
  readonly node: LocalNode;
  readonly id: string;
  readonly clock: Pick<Clock, 'after'>;
  /** Calls `run` once everything stored so far of the CoValue is committed or abandoned. */
  onceWritten(id: string, run: () => void): void;
  committed(): void;
  /** Messages wait for `handOn`. */
  waiting(): void;
  /** So many bytes of messages wait for the node or for their commit. */
  holds(bytes: number): void;
}

interface Batch {
  readonly upTo: number;
  readonly bytes: number;
  readonly ids: ReadonlySet<string>;
}

/** How far one client's commits may lag: more would delay other clients' writes; less would leave the next commit empty. */
export const uncommittedBytes = 2_000_000;

/** What is too little for a batch becomes one after this, or it would count until the client sends more. */
const restMs = 1_000;

/**
 * Passes one client's messages to the node, one at a time, because the node itself would handle all of them before it gets to
 * other clients. Limits how much content waits for its commit.
 */
export class NodeInbox {
  readonly channel = new cojsonInternals.ConnectedPeerChannel();
  /** Created on demand, like `ids`. */
  private waiting: SyncMessage[] | undefined;
  private deliveredCount = 0;
  private bytes = 0;
  /** The CoValues of the content that is in no batch yet. */
  private ids: Set<string> | undefined;
  /** The messages whose commit is awaited; later ones belong to the next batch. */
  private batch: Batch | undefined;
  private isWriting = false;
  private isCheckDue = false;
  private isClosed = false;
  private cancelRest: (() => void) | undefined;

  constructor(private readonly options: NodeInboxOptions) {}

  deliver(message: SyncMessage): void {
    this.deliveredCount++;
    // Usually, the node handles the message in this call.
    if (this.hasHandledAll()) this.channel.push(message);
    else {
      (this.waiting ??= []).push(message);
      this.options.waiting();
    }
    if (message.action !== 'content') return;
    this.add(sizeOfMessage(message));
    (this.ids ??= new Set()).add(message.id);
    this.check();
    if (this.bytes > 0) this.checkRestSoon();
  }

  /** Whether a message waits for `handOn`. */
  hasWaiting(): boolean {
    return this.waiting !== undefined;
  }

  /** Passes the next waiting message to the node; returns false while the node has not handled the last one. */
  handOn(): boolean {
    if (this.inNode() > 0) return false;
    const message = this.waiting?.shift();
    if (this.waiting?.length === 0) this.waiting = undefined;
    if (message) this.channel.push(message);
    return true;
  }

  /** Whether the node has handled all messages of this client. */
  hasHandledAll(): boolean {
    return this.unhandledCount() === 0;
  }

  /** True while too much content waits for its commit. `committed` is called once there is room. */
  isFull(): boolean {
    return this.bytes >= uncommittedBytes;
  }

  close(): void {
    this.isClosed = true;
    this.cancelRest?.();
    this.waiting = undefined;
    this.channel.push('Disconnected');
  }

  private add(more: number): void {
    this.bytes += more;
    this.options.holds(this.bytes);
  }

  private unhandledCount(): number {
    return this.inNode() + (this.waiting?.length ?? 0);
  }

  private inNode(): number {
    const { peers, messagesQueue } = this.options.node.syncManager;
    const peer = peers[this.options.id];
    return (peer && messagesQueue.peerToQueue.get(peer)?.length) ?? 0;
  }

  private beginBatch(): void {
    this.batch = { upTo: this.deliveredCount, bytes: this.bytes, ids: this.ids ?? new Set() };
    this.ids = undefined;
  }

  private checkRestSoon(): void {
    if (this.isClosed) return;
    this.cancelRest ??= this.options.clock.after(restMs, () => {
      this.cancelRest = undefined;
      if (!this.batch && this.bytes > 0) this.beginBatch();
      this.check();
      if (this.bytes > 0) this.checkRestSoon();
    });
  }

  private check(): void {
    if (this.isClosed || this.isWriting) return;
    if (!this.batch && this.bytes >= uncommittedBytes / 2) this.beginBatch();
    if (!this.batch) return;
    // The node stores content in the same turn as it handles the message, and handles one client's messages in order.
    if (this.deliveredCount - this.unhandledCount() >= this.batch.upTo) return this.write(this.batch);
    if (!this.isFull() || this.isCheckDue) return;
    this.isCheckDue = true;
    setImmediate(() => {
      this.isCheckDue = false;
      this.check();
    });
  }

  /** Waits only for this client's CoValues: those of others may be locked in the database. */
  private write(written: Batch): void {
    this.isWriting = true;
    let unwritten = written.ids.size;
    for (const coValueID of written.ids) {
      this.options.onceWritten(coValueID, () => {
        if (--unwritten === 0) this.end(written);
      });
    }
  }

  private end(written: Batch): void {
    this.isWriting = false;
    this.batch = undefined;
    this.add(-written.bytes);
    this.check();
    if (!this.isClosed) this.options.committed();
  }
}
