import { cojsonInternals, type Peer, type RawCoID, type SyncMessage } from 'cojson';
import type { Clock } from '../base/clock.ts';
import { isKernelError, type KernelError } from '../base/kernel-error.ts';
import type { Pacer } from '../base/pacer.ts';
import { kernelVersion } from '../platform/version.ts';
import * as frames from '../wire/frames.ts';
import type { Transport } from '../transport/transport.ts';
import { createArrivals, mayBeRefusal, type Arrival } from './arrivals.ts';
import { createOutgoing, type OutgoingEvents } from './outgoing.ts';
import * as errors from './relay-errors.ts';
import { createSilenceWatch } from './silence-watch.ts';

/** One connection to a relay, from dialling to its end. */
export interface RelayLink {
  readonly bufferedBytes: number;
  /** Arrived, and not given to cojson yet. */
  readonly waitingBytes: number;
  /** Sends an `inspect` frame. */
  ask(ask: number, id: RawCoID): void;
  /** Ends without a call of `ended`. Safe to call twice. */
  close(): void;
}

export interface RelayLinkEvents extends Omit<OutgoingEvents, 'abandoned'> {
  /** Once: the peer to add. `hello` is missing for a stock server. */
  ready(peer: Peer, hello: frames.HelloFrame | undefined): void;
  /** Once, after `ready`: the server is not only open, it has said something. */
  alive(): void;
  received(message: SyncMessage, bytes: number): void;
  refused(error: KernelError, coValueID: string | undefined): void;
  roundTrip(ms: number): void;
  /** The relay's clock, as it was when it sent a ping, and ours when that arrived. Both in ms since the Unix epoch. */
  relayClock(timeMs: number, arrivedAtMs: number): void;
  /** Once, and nothing after it. */
  ended(end: LinkEnd): void;
}

export interface LinkEnd {
  /** False where the server has said nothing at all: something on the way may not let this transport through. */
  readonly heard: boolean;
  readonly error: KernelError;
  /** False where trying again would meet the same answer. */
  readonly retry: boolean;
  /** As the relay asks. */
  readonly retryAfterMs?: number;
}

/** A relay pings every 4 s: one that has said nothing for this long is not there any more. */
export const silenceMs = 10_000;
/** A server that has not said hello by then is a stock one. */
export const helloMs = 1_000;
const echoEveryMs = 5_000;
/** cojson splits content at 100 kB, and joins little of it: no relay sends more than this in a frame. */
const longestFrame = 32_000_000;

export interface DialOptions {
  readonly url: URL;
  readonly peerID: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly pacer: Pacer;
  /** Known from an earlier connection to be a stock server: no hello is waited for. */
  readonly isStock: boolean;
  /** Of the app, for a relay that asks for a version of it. */
  readonly appVersion?: string | undefined;
  readonly on: RelayLinkEvents;
}

export function dialRelay(options: DialOptions): RelayLink {
  const { url, peerID, transport, clock, pacer, isStock, appVersion, on } = options;
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  let hello: frames.HelloFrame | undefined;
  const arrivals = createArrivals(pacer, clock, receive);
  let messageCount = 0;
  let isReady = false;
  let isAlive = false;
  let hasEnded = false;
  let cancelHello = () => {};
  let cancelEcho = () => {};

  const channel = transport.open(url, {
    opened() {
      if (isStock) becomeReady();
      else cancelHello = clock.after(helloMs, becomeReady);
    },
    received(frame) {
      silence.heard();
      outgoing.goOn();
      if (frame.length > longestFrame) return fail(errors.frameTooLarge(url));
      arrivals.add(frames.splitFrame(frame));
    },
    closed(error) {
      // Why it closes is said last, behind what still waits; and what a server says first tells whether it is a relay.
      for (const arrival of arrivals.clear()) {
        if (messageCount === 0 || mayBeRefusal(arrival)) receive(arrival);
      }
      fail(error);
    },
  });
  const outgoing = createOutgoing({
    channel,
    clock,
    limit: () => hello?.limits.messageBytes,
    on: {
      ...on,
      abandoned: () => fail(errors.closedByNode()),
      withheld(message, error) {
        on.withheld(message, error);
        // Asked for what cannot be there, cojson would wait for an answer for a minute or two.
        if (message.action === 'load') {
          incoming.push({ action: 'known', id: message.id, header: false, sessions: {} });
        }
      },
    },
  });
  const silence = createSilenceWatch(clock, silenceMs, () => fail(errors.silent(url)));

  function receive({ line, atMs }: Arrival): void {
    if (hasEnded) return;
    messageCount++;
    try {
      const message = frames.readMessage(line);
      if (message.kind === 'maia') handleFrame(message.frame, atMs);
      else becomeReady(); // A hello would have come first: this is a stock server.
      if (message.kind === 'ping') on.relayClock(message.timeMs, atMs);
      if (message.kind === 'sync') {
        on.received(message.message, line.length);
        incoming.push(message.message);
      }
      becomeAlive();
    } catch (error) {
      if (!isKernelError(error, 'MESSAGE_INVALID')) throw error;
      fail(messageCount === 1 ? errors.notARelay(url, error) : error);
    }
  }

  function handleFrame(frame: frames.MaiaFrame, atMs: number): void {
    switch (frame.maia) {
      case 'hello':
        // Counts as the first message only, so that nothing can raise what the relay promises midway.
        if (messageCount > 1) return fail(errors.lateHello());
        if (frame.auth) return end({ error: errors.asksForAuth(url), retry: false });
        hello = frame;
        channel.send(
          frames.encodeFrame({
            maia: 'hi',
            v: frames.protocolVersion,
            kernel: kernelVersion,
            ...(appVersion !== undefined && { appVersion }),
          }),
        );
        becomeReady();
        return echo();
      case 'refused':
        return handleRefusal(frame);
      case 'echoed':
        return on.roundTrip(Math.max(0, atMs - frame.t));
      case 'hi':
      case 'echo':
      case 'inspect':
      case 'inspected': // For who asked, by the frame tap.
    }
  }

  function handleRefusal(frame: frames.RefusedFrame): void {
    const error = errors.refusalError(url, frame, { required: hello?.minAppVersion, have: appVersion });
    on.refused(error, frame.id);
    if (!frame.closing) return;
    end({
      error,
      retry: errors.willRetry(frame.code),
      ...(frame.retryAfterMs !== undefined && { retryAfterMs: frame.retryAfterMs }),
    });
  }

  function becomeReady(): void {
    if (isReady || hasEnded) return;
    isReady = true;
    cancelHello();
    on.ready({ id: peerID, role: 'server', incoming, outgoing: outgoing.channel, persistent: true }, hello);
  }

  function becomeAlive(): void {
    if (isAlive || !isReady || hasEnded) return;
    isAlive = true;
    on.alive();
  }

  function echo(): void {
    channel.send(frames.encodeFrame({ maia: 'echo', t: clock.nowMs() }));
    cancelEcho = clock.after(echoEveryMs, echo);
  }

  function fail(error: KernelError): void {
    end({ error, retry: true });
  }

  function end(how: Omit<LinkEnd, 'heard'>): void {
    if (hasEnded) return;
    shutDown();
    on.ended({ ...how, heard: messageCount > 0 });
  }

  function shutDown(): void {
    hasEnded = true;
    arrivals.clear(); // The next connection tells it again.
    silence.stop();
    cancelHello();
    cancelEcho();
    outgoing.end();
    channel.close();
    if (isReady) incoming.push('Disconnected');
  }

  return {
    get bufferedBytes() {
      return hasEnded ? 0 : channel.bufferedBytes;
    },
    get waitingBytes() {
      return arrivals.waitingBytes;
    },
    ask: (ask, id) => channel.send(frames.encodeFrame({ maia: 'inspect', ask, id })),
    close() {
      if (!hasEnded) shutDown();
    },
  };
}
