import type { SyncMessage } from 'cojson';
import type { TakePart } from '../client-messages.ts';
import { sizeOfMessage } from '../message-size.ts';

export interface AuthorizedMessagesOptions {
  /** Whether the client may send the message. */
  decide(message: SyncMessage): boolean | Promise<boolean>;
  /** Takes a message that is allowed, or its first part. */
  take(message: SyncMessage): TakePart | undefined;
  refuse(message: SyncMessage): void;
  /** Whether the relay can take a message now. */
  mayTake(): boolean;
  /** There is something to take, or room for more. */
  settled(): void;
  /** So many bytes wait here. */
  holds(bytes: number): void;
}

interface Waiting {
  readonly message: SyncMessage;
  readonly bytes: number;
  isAllowed: boolean | undefined;
}

/** What is asked ahead. A client loads one CoValue with each message. */
const maxWaiting = 200;
const maxWaitingBytes = 2_000_000;
const bytesPerMessage = 500;

/** Messages of one client whose rights are being decided. They are taken in the order of their arrival. */
export class AuthorizedMessages {
  private readonly waiting: Waiting[] = [];
  private bytes = 0;
  /** Takes the rest of the first message. */
  private more: TakePart | undefined;
  private isClosed = false;

  constructor(private readonly options: AuthorizedMessagesOptions) {}

  /** Takes the message or its first part, unless it has to wait. Returns how to take the next part, if there is one. */
  take(message: SyncMessage): TakePart | undefined {
    const answer = this.options.decide(message);
    if (typeof answer === 'boolean' && this.waiting.length === 0) return this.handle(message, answer);
    this.enter(message, answer);
    return undefined;
  }

  /** While true, read nothing more from the client. */
  isFull(): boolean {
    return this.waiting.length >= maxWaiting || this.bytes >= maxWaitingBytes;
  }

  /** Whether `handOn` has something to take. */
  hasNext(): boolean {
    return this.waiting[0]?.isAllowed !== undefined && this.options.mayTake();
  }

  /** Takes the next message or part. */
  handOn(): void {
    const [first] = this.waiting;
    if (first?.isAllowed === undefined) return;
    if (this.more) {
      if (this.more()) return;
    } else {
      this.more = this.handle(first.message, first.isAllowed);
      if (this.more) return;
    }
    this.more = undefined;
    this.waiting.shift();
    this.hold(-first.bytes);
  }

  /** Call it when the connection ends. */
  close(): void {
    this.isClosed = true;
    this.waiting.length = 0;
    this.hold(-this.bytes);
  }

  private handle(message: SyncMessage, isAllowed: boolean): TakePart | undefined {
    if (isAllowed) return this.options.take(message);
    this.options.refuse(message);
    return undefined;
  }

  private enter(message: SyncMessage, answer: boolean | Promise<boolean>): void {
    const isKnown = typeof answer === 'boolean';
    const bytes = bytesPerMessage + sizeOfMessage(message);
    const entry: Waiting = { message, bytes, isAllowed: isKnown ? answer : undefined };
    this.waiting.push(entry);
    this.hold(bytes);
    if (!isKnown) void this.settle(entry, answer);
  }

  private async settle(entry: Waiting, answer: Promise<boolean>): Promise<void> {
    entry.isAllowed = await answer.catch(() => false);
    if (!this.isClosed && this.waiting[0] === entry) this.options.settled();
  }

  private hold(bytes: number): void {
    this.bytes += bytes;
    this.options.holds(this.bytes);
  }
}
