import type { RawData } from 'ws';
import type { Clock } from '../../base/clock.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ReadingTurn, Step } from './read-turns.ts';

/** Takes messages out of a socket no faster than they can be dealt with; what is too much stays with the sender. */
export interface MessageReader {
  /** True while messages wait here, so that the client's answers to a ping wait too. */
  isHeldUp(): boolean;
  /** To be called when `mayRead` may have become true. */
  go(): void;
  /** Takes nothing more. */
  stop(): void;
}

export interface MessageReaderOptions {
  readonly socket: Pick<ClientSocket, 'pause' | 'resume'>;
  readonly turn: ReadingTurn;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  handle(line: string): void;
  /** False while what was handled before takes too much room; then `go` is called later. */
  mayRead(): boolean;
  /** True while the node has enough to do with what it got; looked at again in the next turn. */
  isBusy(): boolean;
  /** The client sends faster than `bytesPerSecond`; it is read on after `waitMs`. */
  tooFast(waitMs: number): void;
}

/** What a client may send at once after a quiet time, in seconds of its rate. */
const burstSeconds = 3;

export interface FrameReader extends MessageReader {
  receive(data: RawData): void;
}

export function createMessageReader(options: MessageReaderOptions): FrameReader {
  const { socket, turn, bytesPerSecond, clock, handle, mayRead, isBusy, tooFast } = options;
  let frames: string[] = [];
  let positionInFrame = 0;
  let allowedBytes = bytesPerSecond * burstSeconds;
  let allowedAtMs = clock.nowMs();
  let isTooFast = false;
  let isStopped = false;
  let cancelWait = () => {};

  /** One after another and not all at once: a frame may hold hundreds of thousands. Some are empty. */
  function nextLine(frame: string): string {
    const end = frame.indexOf('\n', positionInFrame);
    const line = frame.slice(positionInFrame, end < 0 ? undefined : end);
    positionInFrame = end + 1;
    if (end < 0) {
      frames.shift();
      positionInFrame = 0;
    }
    return line;
  }

  function step(): Step {
    const [frame] = frames;
    if (frame === undefined || isTooFast || !mayRead()) {
      pauseOrResume();
      return 'done';
    }
    if (isBusy()) return 'later';
    const line = nextLine(frame);
    if (line !== '') handle(line);
    return 'more';
  }

  function pauseOrResume(): void {
    if (frames.length > 0 || isTooFast) socket.pause();
    else socket.resume();
  }

  function spend(bytes: number): void {
    const nowMs = clock.nowMs();
    const earned = ((nowMs - allowedAtMs) / 1_000) * bytesPerSecond;
    allowedBytes = Math.min(allowedBytes + earned, bytesPerSecond * burstSeconds) - bytes;
    allowedAtMs = nowMs;
    if (allowedBytes >= 0 || isTooFast) return;
    const waitMs = Math.ceil((-allowedBytes / bytesPerSecond) * 1_000);
    tooFast(waitMs);
    isTooFast = true;
    cancelWait = clock.after(waitMs, () => {
      isTooFast = false;
      go();
    });
  }

  function go(): void {
    if (isStopped) return;
    if (frames.length > 0) turn.take(step);
    pauseOrResume();
  }

  return {
    isHeldUp: () => frames.length > 0 || isTooFast,
    receive(data) {
      if (isStopped) return;
      const text = textOf(data);
      frames.push(text);
      spend(text.length);
      go();
    },
    go,
    stop() {
      isStopped = true;
      frames = [];
      isTooFast = false;
      cancelWait();
      turn.close();
      // A socket that is not read does not notice its end either.
      pauseOrResume();
    },
  };
}

/** With its default binary type, `ws` gives a Buffer. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
