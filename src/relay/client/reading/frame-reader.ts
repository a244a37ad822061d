import type { RawData } from 'ws';
import type { Clock } from '../../../base/clock.ts';
import type { ClientSocket } from '../client-socket.ts';
import type { NodeInbox } from '../node-inbox.ts';
import type { ReadTurn, Step } from './read-turns.ts';

export interface FrameReaderOptions {
  readonly socket: Pick<ClientSocket, 'pause' | 'resume'>;
  readonly turn: ReadTurn;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  /** Handles a message, or its first part. Returns whether there are more parts. */
  handle(line: string): boolean;
  /** Handles the next part of that message. Returns whether there are more. */
  handlePart(): boolean;
  /** False while handled messages use too much memory. Call `resume` when that changes. */
  mayRead(): boolean;
  /** False while nothing more may arrive, not even the rest of an unfinished message. Call `resume` when that changes. */
  mayReceive(): boolean;
  /** The messages that wait here take this much memory. */
  holds(bytes: number): void;
  /** Earlier messages, which come first. */
  readonly inbox: Pick<NodeInbox, 'hasWaiting' | 'handOn'>;
  /** The client exceeded `bytesPerSecond`; reading resumes after `waitMs`. */
  throttled(waitMs: number): void;
}

/** An empty frame takes time, too. */
export const bytesPerFrame = 100;
/** The burst allowed after a pause, in seconds' worth of `bytesPerSecond`. */
const burstSeconds = 3;

/** Reads messages from a socket no faster than they are handled; the rest stays with the sender. */
export class FrameReader {
  private frames: string[] = [];
  /** Where the next line begins in the first frame; beyond its end once all of it was read. */
  private positionInFrame = 0;
  /** The last line has more parts. */
  private isUnfinished = false;
  private heldBytes = 0;
  private allowedBytes: number;
  private allowedAtMs: number;
  private isThrottled = false;
  private isStopped = false;
  private cancelWait: (() => void) | undefined;

  constructor(private readonly options: FrameReaderOptions) {
    this.allowedBytes = options.bytesPerSecond * burstSeconds;
    this.allowedAtMs = options.clock.nowMs();
  }

  receive(data: RawData): void {
    if (this.isStopped) return;
    const text = textOf(data);
    this.frames.push(text);
    this.hold(memoryOf(text));
    this.spend(bytesPerFrame + text.length);
    this.resume();
  }

  /** True while messages wait here or nothing may arrive, which also delays reading the client's pongs. */
  isHeldUp(): boolean {
    return this.frames.length > 0 || this.isThrottled || (!this.isStopped && !this.options.mayReceive());
  }

  /** Continues reading. Call it when `mayRead` may have become true. */
  resume(): void {
    if (this.isStopped) return;
    if (this.frames.length > 0 || this.options.inbox.hasWaiting()) this.options.turn.take(() => this.step());
    this.pauseOrResume();
  }

  stop(): void {
    this.isStopped = true;
    this.frames = [];
    this.hold(-this.heldBytes);
    this.isThrottled = false;
    this.cancelWait?.();
    this.options.turn.close();
    // A paused socket does not notice that it was closed.
    this.pauseOrResume();
  }

  private step(): Step {
    const { inbox, mayRead } = this.options;
    if (inbox.hasWaiting()) return inbox.handOn() ? 'more' : 'later';
    const [frame] = this.frames;
    if (frame === undefined || this.isThrottled || !mayRead()) {
      this.pauseOrResume();
      return 'done';
    }
    this.isUnfinished = this.isUnfinished ? this.options.handlePart() : this.handleLine(frame);
    if (!this.isUnfinished && this.positionInFrame > frame.length) this.drop(frame);
    return 'more';
  }

  /** Splits lazily, because a frame may hold hundreds of thousands of lines. Some are empty. */
  private handleLine(frame: string): boolean {
    const end = frame.indexOf('\n', this.positionInFrame);
    const line = frame.slice(this.positionInFrame, end < 0 ? undefined : end);
    this.positionInFrame = 1 + (end < 0 ? frame.length : end);
    return line !== '' && this.options.handle(line);
  }

  /** Unless a refusal has dropped all frames. */
  private drop(frame: string): void {
    if (this.frames[0] !== frame) return;
    this.frames.shift();
    this.positionInFrame = 0;
    this.hold(-memoryOf(frame));
  }

  private pauseOrResume(): void {
    if (this.isHeldUp()) this.options.socket.pause();
    else this.options.socket.resume();
  }

  private hold(bytes: number): void {
    this.heldBytes += bytes;
    this.options.holds(this.heldBytes);
  }

  private spend(bytes: number): void {
    const { clock, bytesPerSecond, throttled } = this.options;
    const nowMs = clock.nowMs();
    const earned = ((nowMs - this.allowedAtMs) / 1_000) * bytesPerSecond;
    this.allowedBytes = Math.min(this.allowedBytes + earned, bytesPerSecond * burstSeconds) - bytes;
    this.allowedAtMs = nowMs;
    if (this.allowedBytes >= 0 || this.isThrottled) return;
    const waitMs = Math.ceil((-this.allowedBytes / bytesPerSecond) * 1_000);
    throttled(waitMs);
    this.isThrottled = true;
    this.cancelWait = clock.after(waitMs, () => {
      this.isThrottled = false;
      this.resume();
    });
  }
}

/** V8 needs two bytes for each character if one of them is not in Latin-1. */
const memoryOf = (text: string) => 2 * text.length;

/** With its default binary type, `ws` passes a Buffer. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
