import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../base/clock.ts';

/** What a WebSocket client has sent of a message that it has not finished. `ws` keeps it in memory. */
export interface IncomingFrame {
  /** Whether the message came more slowly than this since the last period of 30 s began. Call it every few seconds. */
  isTooSlow(bytesPerSecond: number): boolean;
  /** Begins a new period. Call it instead while the relay does not read. */
  restart(): void;
  /** Calls the listener, of which there is one, whenever the length of the message changes. */
  onChange(listener: (bytes: number) => void): void;
}

const periodMs = 30_000;
export const minBytesPerSecond = 4_000;
/** When memory is scarce. */
export const scarceBytesPerSecond = 50_000;
/** A masked ping or pong has a header of six bytes. */
const controlBytes = 6;

/** `stream` is the connection below the socket, after the upgrade. */
export function watchIncomingFrame(
  stream: Duplex,
  socket: WebSocket,
  clock: Pick<Clock, 'elapsedMs'>,
): IncomingFrame {
  let unfinishedBytes = 0;
  let periodBytes = 0;
  let periodStartMs = 0;
  let changed: (bytes: number) => void = () => {};

  function restart(): void {
    periodBytes = 0;
    periodStartMs = clock.elapsedMs();
  }

  function add(bytes: number): void {
    if (unfinishedBytes === 0) restart();
    unfinishedBytes = Math.max(0, unfinishedBytes + bytes);
    periodBytes += bytes;
    changed(unfinishedBytes);
  }

  function finish(): void {
    unfinishedBytes = 0;
    changed(0);
  }

  // Before the socket reads it: what follows a message in the same chunk is then left out, and not the other way round.
  stream.prependListener('data', ({ length }: Buffer) => add(length));
  const leaveOut = ({ length }: Buffer) => add(-controlBytes - length);
  socket.on('message', finish);
  socket.on('ping', leaveOut);
  socket.on('pong', leaveOut);

  return {
    isTooSlow(bytesPerSecond) {
      const elapsedMs = clock.elapsedMs() - periodStartMs;
      if (unfinishedBytes === 0 || elapsedMs < periodMs) return false;
      const isSlow = periodBytes < (elapsedMs / 1_000) * bytesPerSecond;
      restart();
      return isSlow;
    },
    restart,
    onChange: (listener) => void (changed = listener),
  };
}
