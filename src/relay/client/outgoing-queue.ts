import { cojsonInternals, PriorityBasedMessageQueue, type Peer } from 'cojson';
import type { ClientSocket } from './client-socket.ts';
import { sizeOfMessage } from './message-size.ts';

/** Queues messages from the node by priority and passes them to the socket as fast as the client reads. */
export interface OutgoingQueue {
  readonly channel: Peer['outgoing'];
  /** Sends ahead of all queued messages. */
  sendNow(text: string): void;
  /** Bytes queued here or in the socket. */
  unreadBytes(): number;
  /** Whether the queue is short enough to send more. */
  hasRoom(): boolean;
  /** Resolves when there is room; never after the client disconnects. */
  whenRoom(): Promise<void>;
  drop(): void;
}

export interface OutgoingQueueOptions {
  readonly socket: Pick<ClientSocket, 'bufferedAmount' | 'send' | 'readyState' | 'OPEN'>;
  added(): void;
  /** Called each time the client has read something. */
  read(): void;
  /** The node asks to close the connection. */
  closed(): void;
}

/** The socket gets no more than this, so that urgent messages can still overtake the rest. */
const socketBytes = 100_000;
/** Above this, the relay stops reading from the client and answering its loads until the client has read. */
const roomBytes = 200_000;
/** Small messages are batched into frames of about this length. */
const frameBytes = 25_000;

export function createOutgoingQueue({ socket, added, read, closed }: OutgoingQueueOptions): OutgoingQueue {
  let queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
  let queuedBytes = 0;
  let isClosed = false;
  let urgent: string[] = [];
  let urgentBytes = 0;
  let isPumpDue = false;
  const closeListeners = new Set<() => void>();
  const waitingForRoom: (() => void)[] = [];

  function pump(untilBytes: number): void {
    if (urgent.length > 0) send(urgent);
    urgent = [];
    urgentBytes = 0;
    let lines: string[] = [];
    let length = 0;
    while (socket.bufferedAmount + length < untilBytes) {
      const message = queue.pull();
      if (!message) break;
      queuedBytes -= sizeOfMessage(message);
      const line = JSON.stringify(message);
      lines.push(line);
      length += line.length;
      if (length < frameBytes) continue;
      send(lines);
      lines = [];
      length = 0;
    }
    if (length > 0) send(lines);
  }

  /** Wait for the end of the turn, so that hundreds of answers to one read become one frame. */
  function pumpSoon(): void {
    if (isPumpDue) return;
    isPumpDue = true;
    process.nextTick(() => {
      isPumpDue = false;
      pump(socketBytes);
    });
  }

  function send(lines: readonly string[]): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(lines.join('\n'), (error) => {
      // After a failure the socket closes and emits its own event.
      if (error) return;
      pump(socketBytes);
      read();
      if (hasRoom()) for (const resolve of waitingForRoom.splice(0)) resolve();
    });
  }

  const unreadBytes = () => queuedBytes + urgentBytes + socket.bufferedAmount;
  const hasRoom = () => unreadBytes() < roomBytes;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    pump(Infinity);
    for (const listener of closeListeners) listener();
    closed();
  }

  return {
    channel: {
      push(message) {
        if (message === 'Disconnected') return close();
        if (isClosed) return;
        queue.push(message);
        queuedBytes += sizeOfMessage(message);
        pumpSoon();
        added();
      },
      close,
      onClose: (listener) => void closeListeners.add(listener),
    },
    sendNow(text) {
      urgent.push(text);
      urgentBytes += text.length;
      pumpSoon();
    },
    unreadBytes,
    hasRoom,
    async whenRoom() {
      if (!hasRoom()) await new Promise<void>((resolve) => waitingForRoom.push(resolve));
    },
    drop() {
      // Messages queued in this turn, such as an acknowledgement, are still sent.
      if (isPumpDue) pump(socketBytes);
      isClosed = true;
      queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
      queuedBytes = 0;
      urgent = [];
      urgentBytes = 0;
    },
  };
}
