import type { RawData } from 'ws';
import type { Clock } from '../../base/clock.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ReadTurn, Step } from './read-turns.ts';

/** Reads messages from a socket no faster than they are handled; the rest stays with the sender. */
export interface FrameReader {
  receive(data: RawData): void;
  /** True while messages wait here, which also delays reading the client's pongs. */
  isHeldUp(): boolean;
  /** Continues reading. Call it when `mayRead` may have become true. */
  resume(): void;
  stop(): void;
}

export interface FrameReaderOptions {
  readonly socket: Pick<ClientSocket, 'pause' | 'resume'>;
  readonly turn: ReadTurn;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  handle(line: string): void;
  /** False while handled messages use too much memory. Call `resume` when that changes. */
  mayRead(): boolean;
  /** True while the node is busy with earlier messages; polled again in the next turn. */
  isBusy(): boolean;
  /** The client exceeded `bytesPerSecond`; reading resumes after `waitMs`. */
  throttled(waitMs: number): void;
}

/** The burst allowed after a pause, in seconds' worth of `bytesPerSecond`. */
const burstSeconds = 3;

export function createFrameReader(options: FrameReaderOptions): FrameReader {
  const { socket, turn, bytesPerSecond, clock, handle, mayRead, isBusy, throttled } = options;
  let frames: string[] = [];
  let positionInFrame = 0;
  let allowedBytes = bytesPerSecond * burstSeconds;
  let allowedAtMs = clock.nowMs();
  let isThrottled = false;
  let isStopped = false;
  let cancelWait = () => {};

  /** Splits lazily, because a frame may hold hundreds of thousands of lines. Some are empty. */
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
    if (frame === undefined || isThrottled || !mayRead()) {
      pauseOrResume();
      return 'done';
    }
    if (isBusy()) return 'later';
    const line = nextLine(frame);
    if (line !== '') handle(line);
    return 'more';
  }

  function pauseOrResume(): void {
    if (frames.length > 0 || isThrottled) socket.pause();
    else socket.resume();
  }

  function spend(bytes: number): void {
    const nowMs = clock.nowMs();
    const earned = ((nowMs - allowedAtMs) / 1_000) * bytesPerSecond;
    allowedBytes = Math.min(allowedBytes + earned, bytesPerSecond * burstSeconds) - bytes;
    allowedAtMs = nowMs;
    if (allowedBytes >= 0 || isThrottled) return;
    const waitMs = Math.ceil((-allowedBytes / bytesPerSecond) * 1_000);
    throttled(waitMs);
    isThrottled = true;
    cancelWait = clock.after(waitMs, () => {
      isThrottled = false;
      resume();
    });
  }

  function resume(): void {
    if (isStopped) return;
    if (frames.length > 0) turn.take(step);
    pauseOrResume();
  }

  return {
    isHeldUp: () => frames.length > 0 || isThrottled,
    receive(data) {
      if (isStopped) return;
      const text = textOf(data);
      frames.push(text);
      spend(text.length);
      resume();
    },
    resume,
    stop() {
      isStopped = true;
      frames = [];
      isThrottled = false;
      cancelWait();
      turn.close();
      // A paused socket does not notice that it was closed.
      pauseOrResume();
    },
  };
}

/** With its default binary type, `ws` passes a Buffer. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
