import { cojsonInternals, PriorityBasedMessageQueue, type Peer, type SyncMessage } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { isCoValueID } from '../wire/ids.ts';
import type { Channel } from '../transport/transport.ts';
import { notAnID } from './not-an-id.ts';
import { contentTooLarge } from './relay-errors.ts';

export interface Outgoing {
  /** What cojson's peer sends by. The inspector reads its `queue`. */
  readonly channel: Peer['outgoing'] & { readonly queue: PriorityBasedMessageQueue };
  /** Something happened on the channel: there may be room for more, and timers are slow in a hidden tab. */
  goOn(): void;
  /** Forgets what waits. The next connection tells it again. */
  end(): void;
}

export interface OutgoingEvents {
  /** Handed to the channel. */
  sent(message: SyncMessage, bytes: number): void;
  drained(): void;
  /** Not sent, as the relay would refuse it. */
  withheld(message: SyncMessage, error: KernelError): void;
  /** cojson let go of the peer. */
  abandoned(): void;
}

/** A relay should get thousands of small messages in pieces of about this size. */
const frameLength = 100_000;
/** Beyond it the channel gets nothing more until some of it is on the network: what is more urgent may still come. */
export const bufferBytes = 1_000_000;
const drainPollMs = 20;

interface Line {
  readonly message: SyncMessage;
  readonly text: string;
}

/** The way from cojson's peer to a channel: bounded frames and a bounded buffer, and evidence of what has left this device. */
export function createOutgoing(options: {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly on: OutgoingEvents;
  /** The longest message that the relay takes, once it has said so. */
  readonly limit: () => number | undefined;
}): Outgoing {
  const { channel, clock, on, limit } = options;
  const queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
  /** Begins the next frame, as it did not fit into the one before. */
  let left: Line | undefined;
  let isOpen = true;
  let isPumpDue = false;
  let cancelPoll: (() => void) | undefined;

  function nextLine(): Line | undefined {
    for (let message = queue.pull(); message; message = queue.pull()) {
      const text = JSON.stringify(message);
      const refusal = refusalOf(message, text.length, limit());
      if (!refusal) return { message, text };
      on.withheld(message, refusal);
    }
    return undefined;
  }

  function nextFrame(): readonly Line[] {
    const lines: Line[] = [];
    let length = 0;
    for (let line = left ?? nextLine(); line; line = nextLine()) {
      left = undefined;
      if (length > 0 && length + line.text.length > frameLength) {
        left = line;
        break;
      }
      lines.push(line);
      length += line.text.length + 1;
    }
    return lines;
  }

  function pump(): void {
    while (isOpen && channel.bufferedBytes < bufferBytes) {
      const lines = nextFrame();
      if (lines.length === 0) return;
      channel.send(lines.map(({ text }) => text).join('\n'));
      for (const { message, text } of lines) on.sent(message, text.length);
      cancelPoll ??= clock.after(0, poll);
    }
  }

  function poll(): void {
    cancelPoll = undefined;
    pump();
    if (!isOpen) return;
    if (channel.bufferedBytes === 0 && cancelPoll === undefined) on.drained();
    else cancelPoll ??= clock.after(drainPollMs, poll);
  }

  /** Once all is said that this turn brings, so that it becomes one frame. */
  function pumpSoon(): void {
    if (isPumpDue) return;
    isPumpDue = true;
    queueMicrotask(() => {
      isPumpDue = false;
      pump();
    });
  }

  function close(): void {
    if (!isOpen) return;
    pump();
    on.abandoned();
  }

  return {
    channel: {
      queue,
      push(message) {
        if (message === 'Disconnected') return close();
        if (!isOpen) return;
        queue.push(message);
        pumpSoon();
      },
      close,
      // cojson itself asks for no such call: it hears of the end by what comes in.
      onClose: () => {},
    },
    goOn: pump,
    end() {
      isOpen = false;
      cancelPoll?.();
      left = undefined;
      while (queue.pull());
    },
  };
}

/** What a relay would close the connection for, it is not sent. */
function refusalOf(message: SyncMessage, bytes: number, limit: number | undefined): KernelError | undefined {
  if (limit !== undefined && bytes > limit) return contentTooLarge(bytes, limit);
  const { action, id } = message;
  if (action !== 'reconcile' && action !== 'reconcile-ack' && !isCoValueID(id)) return notAnID(id);
  return undefined;
}
