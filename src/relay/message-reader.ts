import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../platform/clock.ts';

/** Takes messages out of a socket no faster than they can be dealt with; what is too much stays with the sender. */
export interface MessageReader {
  /** True while messages wait here, so that the client's answers to a ping wait too. */
  readonly isHeldUp: boolean;
  /** To be called when `mayRead` may have become true. */
  go(): void;
  /** Takes nothing more. */
  stop(): void;
}

export interface MessageReaderOptions {
  readonly socket: Pick<WebSocket, 'pause' | 'resume'>;
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

/** How many messages are handled before other clients get their turn. */
const messagesPerTurn = 200;
/** What a client may send at once after a quiet time, in seconds of its rate. */
const burstSeconds = 3;

export interface FrameReader extends MessageReader {
  receive(data: RawData): void;
}

export function createMessageReader(options: MessageReaderOptions): FrameReader {
  const { socket, bytesPerSecond, clock, handle, mayRead, isBusy, tooFast } = options;
  let frames: string[] = [];
  let positionInFrame = 0;
  let allowedBytes = bytesPerSecond * burstSeconds;
  let allowedAtMs = clock.nowMs();
  let isRunning = false;
  let isScheduled = false;
  let isStopped = false;
  let cancelWait = () => {};

  /** One after another and not all at once: a frame may hold hundreds of thousands. */
  function nextLine(): string | undefined {
    for (let frame = frames[0]; frame !== undefined; frame = frames[0]) {
      const end = frame.indexOf('\n', positionInFrame);
      const line = frame.slice(positionInFrame, end < 0 ? undefined : end);
      positionInFrame = end + 1;
      if (end < 0) {
        frames.shift();
        positionInFrame = 0;
      }
      if (line !== '') return line;
    }
    return undefined;
  }

  function run(): void {
    isScheduled = false;
    isRunning = true;
    handleMessages();
    isRunning = false;
  }

  function handleMessages(): void {
    for (let count = 0; !isStopped; count++) {
      if (frames.length === 0) return setPaused(false);
      if (!mayRead()) return setPaused(true);
      if (count >= messagesPerTurn || isBusy()) {
        setPaused(true);
        isScheduled = true;
        setImmediate(run);
        return;
      }
      const line = nextLine();
      if (line !== undefined) handle(line);
    }
  }

  function setPaused(isPaused: boolean): void {
    if (isPaused) socket.pause();
    else socket.resume();
  }

  function spend(bytes: number): void {
    const nowMs = clock.nowMs();
    const earned = ((nowMs - allowedAtMs) / 1_000) * bytesPerSecond;
    allowedBytes = Math.min(allowedBytes + earned, bytesPerSecond * burstSeconds) - bytes;
    allowedAtMs = nowMs;
    if (allowedBytes >= 0 || isScheduled) return;
    const waitMs = Math.ceil((-allowedBytes / bytesPerSecond) * 1_000);
    tooFast(waitMs);
    setPaused(true);
    isScheduled = true;
    cancelWait = clock.after(waitMs, run);
  }

  function go(): void {
    if (!isRunning && !isScheduled && !isStopped && frames.length > 0) run();
  }

  return {
    get isHeldUp() {
      return frames.length > 0 || isScheduled;
    },
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
      cancelWait();
      // A socket that is not read does not notice its end either.
      setPaused(false);
    },
  };
}

/** With its default binary type, `ws` gives a Buffer. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
