import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import { readMessage, type PresenceFrame } from '../../wire/frames.ts';
import type { BusTransport, BusTransportListener } from '../bus/bus-transport.ts';
import { createPace } from '../bus/pace.ts';

/** Passes presence to the other relays of the storage. It may lose frames, and anyone may have sent those that arrive. */
export interface PresenceBus {
  publish(frame: PresenceFrame, text: string): void;
  close(): void;
}

export interface PresenceBusOptions {
  /** Called with the first frame: most relays never need it. */
  open(on: BusTransportListener): Promise<BusTransport>;
  received(frame: PresenceFrame): void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two texts: each NOTIFY of PostgreSQL holds up the commits of others for a moment. */
const pauseMs = 20;
/** Of frames that wait for their text. The oldest make way: what waits for seconds is of no use. */
const maxWaiting = 200;

export function createPresenceBus({ open, received, clock, logger }: PresenceBusOptions): PresenceBus {
  const name = randomBytes(12).toString('base64url');
  const ending = new AbortController();
  /** By room and session, of which the latest counts. */
  const waiting = new Map<string, string>();
  let transport: BusTransport | undefined;
  let isOpening = false;
  let isSending = false;
  const pace = createPace(() => void send(), pauseMs, clock);

  async function begin(): Promise<void> {
    isOpening = true;
    transport = await retry(() => open({ received: receive, interrupted() {}, resumed() {} }), {
      clock,
      signal: ending.signal,
      failed: (error) => logger.warn('Cannot share presence with other relays; retrying', { error }),
    });
    if (ending.signal.aborted) transport?.close();
    else pace.call();
  }

  function receive(text: string): void {
    const [sender, ...lines] = text.split('\n');
    if (sender === name) return;
    for (const line of lines) {
      const frame = readFrame(line);
      if (frame) received(frame);
    }
  }

  async function send(): Promise<void> {
    if (!transport || isSending || waiting.size === 0) return;
    isSending = true;
    try {
      await transport.send(takeText(transport.maxBytes));
    } catch (error) {
      logger.debug('Could not share presence with other relays', { error });
      waiting.clear();
    }
    isSending = false;
    if (waiting.size > 0 && !ending.signal.aborted) pace.call();
  }

  function takeText(maxBytes: number): string {
    let text = name;
    for (const [key, line] of waiting) {
      if (text !== name && text.length + 1 + line.length > maxBytes) break;
      text += `\n${line}`;
      waiting.delete(key);
    }
    return text;
  }

  return {
    publish({ id, from }, text) {
      if (ending.signal.aborted) return;
      const key = `${id} ${from}`;
      const [oldest] = waiting.keys();
      if (oldest !== undefined && waiting.size >= maxWaiting && !waiting.has(key)) waiting.delete(oldest);
      waiting.set(key, text);
      if (!isOpening) void begin();
      else pace.call();
    },
    close() {
      ending.abort();
      pace.stop();
      transport?.close();
    },
  };
}

/** Undefined for anything else. */
function readFrame(line: string): PresenceFrame | undefined {
  try {
    const message = readMessage(line);
    return message.kind === 'maia' && message.frame.maia === 'presence' ? message.frame : undefined;
  } catch (error) {
    if (isKernelError(error, 'MESSAGE_INVALID')) return undefined;
    throw error;
  }
}
