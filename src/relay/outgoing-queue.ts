import { cojsonInternals, PriorityBasedMessageQueue, type Peer, type SyncMessage } from 'cojson';
import type { WebSocket } from 'ws';

/** What the node has for a client, by priority, handed to the socket as fast as the client reads. */
export interface OutgoingQueue {
  readonly channel: Peer['outgoing'];
  /** Past all that waits. */
  sendNow(text: string): void;
  /** What waits here or in the socket, in bytes. */
  readonly unreadBytes: number;
  /** Forgets what waits. */
  drop(): void;
}

export interface OutgoingQueueOptions {
  readonly socket: Pick<WebSocket, 'bufferedAmount' | 'send' | 'readyState' | 'OPEN'>;
  /** After a message was added. */
  added(): void;
  /** Each time the client has read something. */
  read(): void;
  /** The node wants the connection to end. */
  closed(): void;
}

/** Beyond it the socket gets nothing more until the client has read: what is more urgent may still come. */
const socketBytes = 100_000;
/** Small messages are joined into frames of about this length. */
const frameBytes = 25_000;

export function createOutgoingQueue({ socket, added, read, closed }: OutgoingQueueOptions): OutgoingQueue {
  let queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
  let queuedBytes = 0;
  let isClosed = false;
  const closeListeners = new Set<() => void>();

  function pump(untilBytes: number): void {
    let lines: string[] = [];
    let length = 0;
    while (socket.bufferedAmount + length < untilBytes) {
      const message = queue.pull();
      if (!message) break;
      queuedBytes -= sizeOf(message);
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

  function send(lines: readonly string[]): void {
    if (socket.readyState === socket.OPEN) sendNow(lines.join('\n'));
  }

  function sendNow(text: string): void {
    socket.send(text, (error) => {
      // Where it failed the socket closes, and says so itself.
      if (error) return;
      pump(socketBytes);
      read();
    });
  }

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
        queuedBytes += sizeOf(message);
        pump(socketBytes);
        added();
      },
      close,
      onClose: (listener) => void closeListeners.add(listener),
    },
    sendNow,
    get unreadBytes() {
      return queuedBytes + socket.bufferedAmount;
    },
    drop() {
      isClosed = true;
      queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
      queuedBytes = 0;
    },
  };
}

const bytesPerMessage = 100;
const bytesPerPart = 120;

/** About the length it will have on the wire, known without writing it out. */
function sizeOf(message: SyncMessage): number {
  switch (message.action) {
    case 'content':
      return (
        bytesPerMessage +
        cojsonInternals.getContentMessageSize(message) +
        Object.values(message.new).reduce(
          (sum, part) => sum + (part.newTransactions.length + 1) * bytesPerPart,
          0,
        )
      );
    case 'load':
    case 'known':
      return bytesPerMessage + Object.keys(message.sessions).length * bytesPerPart;
    case 'reconcile':
      return bytesPerMessage + message.values.length * bytesPerPart;
    case 'done':
    case 'reconcile-ack':
      return bytesPerMessage;
  }
}
