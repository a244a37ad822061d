import { cojsonInternals, PriorityBasedMessageQueue, type Peer, type SyncMessage } from 'cojson';
import type { ClientSocket } from './client-socket.ts';
import { sizeOfMessage } from './message-size.ts';

/** Asked when the turn of a message has come. */
export interface OutgoingFilter {
  /** `later`: `release` or `discard` is called with the message once it is known. */
  mayPass(message: SyncMessage): boolean | 'later';
}

export interface OutgoingQueueOptions {
  readonly socket: Pick<ClientSocket, 'bufferedAmount' | 'send' | 'readyState' | 'OPEN'>;
  readonly filter: OutgoingFilter;
  added(): void;
  /** So many bytes are queued here or in the socket. */
  holds(bytes: number): void;
  /** Called each time the client has read something. */
  read(): void;
  /** The node asks to close the connection. */
  closed(): void;
}

/** The socket gets no more than this, so that urgent messages can still overtake the rest. */
const socketBytes = 100_000;
/** Above this, the relay stops reading from the client and answering its loads until the client has read. */
const roomBytes = 200_000;
/** Above this, what is only of the moment is dropped, so that it takes no room in the socket from content. */
const offerBytes = 50_000;
/** Small messages are batched into frames of about this length. */
const frameBytes = 25_000;

/** Queues messages from the node by priority and passes them to the socket as fast as the client reads. */
export class OutgoingQueue implements NonNullable<Peer['outgoing']> {
  /** Exists while messages wait: thousands of idle clients need none. */
  private queue: PriorityBasedMessageQueue | undefined;
  private queuedBytes = 0;
  private isClosed = false;
  private urgent: string[] = [];
  private urgentBytes = 0;
  private isPumpDue = false;
  private readonly closeListeners: (() => void)[] = [];
  private readonly waitingForRoom: (() => void)[] = [];

  constructor(private readonly options: OutgoingQueueOptions) {}

  push(message: SyncMessage | 'Disconnected'): void {
    if (message === 'Disconnected') return this.close();
    if (this.isClosed) return;
    this.queue ??= new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
    this.queue.push(message);
    this.queuedBytes += sizeOfMessage(message);
    this.reportBytes();
    this.pumpSoon();
    this.options.added();
  }

  /** Sends ahead of all queued messages. */
  sendNow(text: string): void {
    if (this.isClosed) return;
    this.urgent.push(text);
    this.urgentBytes += text.length;
    this.reportBytes();
    this.pumpSoon();
  }

  /** The same, unless the client has much to read. Returns whether the text is sent. */
  offer(text: string): boolean {
    if (this.isClosed || this.unreadBytes() >= offerBytes) return false;
    this.sendNow(text);
    return true;
  }

  /** Sends messages that could only pass later, ahead of all queued ones. */
  release(messages: readonly SyncMessage[]): void {
    this.discard(messages);
    if (!this.isClosed) for (const message of messages) this.sendNow(JSON.stringify(message));
  }

  /** Messages that could only pass later do not pass. */
  discard(messages: readonly SyncMessage[]): void {
    if (this.isClosed) return;
    for (const message of messages) this.queuedBytes -= sizeOfMessage(message);
    this.reportBytes();
  }

  /** Bytes queued here or in the socket. */
  unreadBytes(): number {
    return this.queuedBytes + this.urgentBytes + this.options.socket.bufferedAmount;
  }

  /** Whether the queue is short enough to send more. */
  hasRoom(): boolean {
    return this.unreadBytes() < roomBytes;
  }

  /** Resolves when there is room; never after the client disconnects. */
  async whenRoom(): Promise<void> {
    if (!this.hasRoom()) await new Promise<void>((resolve) => this.waitingForRoom.push(resolve));
  }

  onClose(listener: () => void): void {
    this.closeListeners.push(listener);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.pump(Infinity);
    for (const listener of this.closeListeners) listener();
    this.options.closed();
  }

  drop(): void {
    // Messages queued in this turn, such as an acknowledgement, are still sent.
    if (this.isPumpDue) this.pump(socketBytes);
    this.isClosed = true;
    this.queue = undefined;
    this.queuedBytes = 0;
    this.urgent = [];
    this.urgentBytes = 0;
    this.reportBytes();
  }

  /** Waits for the end of the turn, so that hundreds of answers to one read become one frame. */
  private pumpSoon(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    process.nextTick(() => {
      this.isPumpDue = false;
      this.pump(socketBytes);
    });
  }

  private pump(untilBytes: number): void {
    if (this.urgent.length > 0) this.send(this.urgent);
    this.urgent = [];
    this.urgentBytes = 0;
    let lines: string[] = [];
    let length = 0;
    while (this.options.socket.bufferedAmount + length < untilBytes) {
      const message = this.queue?.pull();
      if (!message) {
        this.queue = undefined;
        break;
      }
      const passes = this.options.filter.mayPass(message);
      if (passes !== 'later') this.queuedBytes -= sizeOfMessage(message);
      if (passes !== true) continue;
      const line = JSON.stringify(message);
      lines.push(line);
      length += line.length;
      if (length < frameBytes) continue;
      this.send(lines);
      lines = [];
      length = 0;
    }
    if (length > 0) this.send(lines);
    this.reportBytes();
  }

  private send(lines: readonly string[]): void {
    const { socket, read } = this.options;
    if (socket.readyState !== socket.OPEN) return;
    socket.send(lines.join('\n'), (error) => {
      // After a failure the socket closes and emits its own event.
      if (error) return;
      this.pump(socketBytes);
      read();
      if (this.hasRoom()) for (const resolve of this.waitingForRoom.splice(0)) resolve();
    });
  }

  private reportBytes(): void {
    this.options.holds(this.unreadBytes());
  }
}
