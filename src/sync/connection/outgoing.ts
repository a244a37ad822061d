import { cojsonInternals, PriorityBasedMessageQueue, type Peer, type SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { Channel } from '../../transport/transport.ts';
import { invalidCoValueID } from '../../engine/covalue-errors.ts';
import { assertSyncMessage } from '../../wire/sync-message.ts';
import { contentInvalid, contentTooLarge } from './relay-errors.ts';
import { createWaitingContent } from './waiting-content.ts';
import { createWithheldSessions } from './withheld-sessions.ts';

export interface Outgoing {
  /** The channel of cojson's peer. The inspector reads its `queue`. */
  readonly channel: Peer['outgoing'] & { readonly queue: PriorityBasedMessageQueue };
  /**
   * Call after any event on the channel: there may be room for more, and timers are slow in a hidden tab. And when content
   * may leave.
   */
  resumeSending(): void;
  /** Drops the queue. The next connection sends it again. */
  end(): void;
}

export interface OutgoingEvents {
  /** Returns what to send of the message now. Undefined: nothing. */
  sending(message: SyncMessage): SyncMessage | undefined;
  /** Handed to the channel. */
  sent(message: SyncMessage, bytes: number): void;
  drained(): void;
  /** Not sent, because the relay would refuse it. */
  withheld(message: SyncMessage, error: KernelError): void;
  /** cojson closed the peer. */
  abandoned(): void;
}

/** Target length of a frame when many small messages are sent. */
const frameLength = 100_000;
/** Limits the channel's buffer, so that more urgent messages can still overtake. */
export const bufferBytes = 1_000_000;
const drainPollMs = 20;

interface Line {
  readonly message: SyncMessage;
  readonly text: string;
}

/** Connects cojson's peer to a channel: bounds frames and buffer, and reports what has left this device. */
export function createOutgoing(options: {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly on: OutgoingEvents;
  /** The longest message that the relay accepts, once it has announced its limit. */
  readonly limit: () => number | undefined;
  /** Until then content waits. */
  readonly mayUpload: () => boolean;
}): Outgoing {
  const { channel, clock, on, limit, mayUpload } = options;
  const queue = new PriorityBasedMessageQueue(cojsonInternals.CO_VALUE_PRIORITY.HIGH, 'outgoing');
  const withheld = createWithheldSessions();
  const held = createWaitingContent();
  /** The line that did not fit into the previous frame and starts the next one. */
  let left: Line | undefined;
  let isOpen = true;
  let isPumpDue = false;
  let cancelPoll: (() => void) | undefined;

  function nextMessage(): SyncMessage | undefined {
    while (!held.isEmpty || !mayUpload()) {
      const message = queue.pull();
      if (!message) return mayUpload() ? held.take() : undefined;
      if (message.action !== 'content') return message;
      held.add(message);
    }
    return queue.pull();
  }

  function nextLine(): Line | undefined {
    for (let next = nextMessage(); next; next = nextMessage()) {
      const message = withoutWithheld(on.sending(next));
      if (!message) continue;
      const text = JSON.stringify(message);
      const refusal = refusalOf(message, text.length, limit());
      if (!refusal) return { message, text };
      if (message.action === 'content') withheld.add(message, refusal);
      on.withheld(message, refusal);
    }
    return undefined;
  }

  function withoutWithheld(message: SyncMessage | undefined): SyncMessage | undefined {
    if (message?.action !== 'content') return message;
    const { passed, error } = withheld.check(message);
    if (error) on.withheld(message, error);
    return passed;
  }

  function nextFrame(): readonly Line[] {
    const lines: Line[] = [];
    let length = 0;
    if (left?.message.action === 'content' && !mayUpload()) {
      held.putBack(left.message);
      left = undefined;
    }
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
      pollSoon();
    }
  }

  function poll(): void {
    cancelPoll = undefined;
    pump();
    if (!isOpen) return;
    if (channel.bufferedBytes === 0 && cancelPoll === undefined) on.drained();
    else cancelPoll ??= clock.after(drainPollMs, poll);
  }

  /** Waits for another task: each piece that arrives is answered in another turn, and a frame costs as much as a piece. */
  function pollSoon(): void {
    cancelPoll ??= clock.after(0, poll);
  }

  /** Waits for the end of the turn, so that the messages of one turn share a frame. */
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
        if (message.action === 'known') pollSoon();
        else pumpSoon();
      },
      close,
      // cojson never uses this: it learns of the end from the incoming channel.
      onClose: () => {},
    },
    resumeSending: pump,
    end() {
      isOpen = false;
      cancelPoll?.();
      left = undefined;
      held.clear();
      while (queue.pull());
    },
  };
}

/** The error of a message that must be withheld, because a relay would close the connection. */
function refusalOf(message: SyncMessage, bytes: number, limit: number | undefined): KernelError | undefined {
  if (limit !== undefined && bytes > limit) return contentTooLarge(bytes, limit);
  const { action, id } = message;
  if (action !== 'reconcile' && action !== 'reconcile-ack' && !isCoValueID(id)) return invalidCoValueID(id);
  if (action !== 'content') return undefined;
  try {
    assertSyncMessage({ ...message });
  } catch (error) {
    return contentInvalid(error);
  }
  return undefined;
}
