import { cojsonInternals, PriorityBasedMessageQueue, type Peer } from 'cojson';
import type { ClientSocket } from './client-socket.ts';
import { sizeOfMessage } from './message-size.ts';

/** What the node has for a client, by priority, handed to the socket as fast as the client reads. */
export interface OutgoingQueue {
  readonly channel: Peer['outgoing'];
  /** Past all that waits. */
  sendNow(text: string): void;
  /** What waits here or in the socket, in bytes. */
  unreadBytes(): number;
  /** Whether so little waits that the client is to get more. */
  hasRoom(): boolean;
  /** Resolves when there is room; not at all once the client is gone. */
  whenRoom(): Promise<void>;
  /** Forgets what waits. */
  drop(): void;
}

export interface OutgoingQueueOptions {
  readonly socket: Pick<ClientSocket, 'bufferedAmount' | 'send' | 'readyState' | 'OPEN'>;
  /** After a message was added. */
  added(): void;
  /** Each time the client has read something. */
  read(): void;
  /** The node wants the connection to end. */
  closed(): void;
}

/** Beyond it the socket gets nothing more until the client has read: what is more urgent may still come. */
const socketBytes = 100_000;
/** Beyond it a client is not read, and its loads wait, until it has read: its answers wait with it, and not here. */
const roomBytes = 200_000;
/** Small messages are joined into frames of about this length. */
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

  /** Once all is said that this turn brings: hundreds of answers to one read become one frame. */
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
      // Where it failed the socket closes, and says so itself.
      if (error) return;
      pump(socketBytes);
      read();
      if (hasRoom()) for (const go of waitingForRoom.splice(0)) go();
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
      if (!hasRoom()) await new Promise<void>((go) => waitingForRoom.push(go));
    },
    drop() {
      // What was said in this turn, an acknowledgement perhaps, is on its way.
      if (isPumpDue) pump(socketBytes);
      isClosed = true;
      queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
      queuedBytes = 0;
      urgent = [];
      urgentBytes = 0;
    },
  };
}
