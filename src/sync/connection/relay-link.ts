import { cojsonInternals, type Peer, type RawCoID, type SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Pacer } from '../../base/pacer.ts';
import { kernelVersion } from '../../base/version.ts';
import * as frames from '../../wire/frames.ts';
import type { SignedReceipt } from '../../wire/receipt.ts';
import { tokenTooSlow } from '../auth/auth-errors.ts';
import type { Credentials } from '../auth/credentials.ts';
import { createSignIn } from '../auth/relay-sign-in.ts';
import { createArrivals, mayBeRefusal, type Arrival } from './arrivals.ts';
import type { LinkTransport } from './hooked-transport.ts';
import { createOutgoing, type OutgoingEvents } from './outgoing.ts';
import * as errors from './relay-errors.ts';
import { createSilenceWatch } from './silence-watch.ts';

/** One connection to a relay over one transport, from dialling to its end. Never reused. */
export interface RelayLink {
  readonly bufferedBytes: number;
  /** Received but not yet passed to cojson. */
  readonly waitingBytes: number;
  /** Sends an `inspect` frame. */
  ask(ask: number, id: RawCoID): void;
  /** Sends a `challenge` frame. */
  challenge(nonce: string, at: readonly number[]): void;
  /** Sends a `presence` frame, unless much is waiting to be sent. */
  present(frame: frames.PresenceFrame): void;
  /** Call when content may leave. */
  resumeSending(): void;
  /** Closes without calling `ended`. Safe to call twice. */
  close(): void;
}

export interface RelayLinkEvents extends Omit<OutgoingEvents, 'abandoned'> {
  /** The relay lets in only clients that sign in, which may take a while. `ready` follows once it has let this device in. */
  signingIn(): void;
  /** The relay still serves this device. Retrying automatically. */
  renewalFailed(error: KernelError): void;
  /** Called once with the peer to add. A stock server sends no `hello`. */
  ready(peer: Peer, hello: frames.HelloFrame | undefined): void;
  /** At each sign-in and renewal, after `ready`. Undefined if the relay limits nothing. */
  quota?(quota: frames.RelayQuota | undefined): void;
  /** Called once, after `ready`, when the server has sent its first message. */
  alive(): void;
  /** Returns what cojson may handle of it. */
  received(message: SyncMessage, bytes: number): SyncMessage | undefined;
  refused(error: KernelError, about: Pick<frames.RefusedFrame, 'id' | 'sessionID'>): void;
  roundTrip(ms: number): void;
  /** Neither its signature nor what it answers is checked. */
  receipt?(signed: SignedReceipt): void;
  /** Neither its signature nor its seal is checked. */
  presence?(frame: frames.PresenceFrame): void;
  /** The relay's clock when it sent a ping, in ms since the Unix epoch, and when it arrived, by the clock's `elapsedMs`. */
  relayClock(timeMs: number, arrivedAtMs: number): void;
  /** Called once, after all other calls; never after `close`. */
  ended(end: LinkEnd): void;
}

export interface LinkEnd {
  /** False if the server sent nothing at all: the network may block this transport. */
  readonly hasAnswered: boolean;
  /** The server sent a hello. */
  readonly isRelay: boolean;
  readonly error: KernelError;
  /** False if a retry would get the same answer. */
  readonly retry: boolean;
  /** Requested by the relay. */
  readonly retryAfterMs?: number;
  /** A new connection is expected to succeed, so the first retry need not wait. */
  readonly isExpired?: boolean;
}

/** A relay pings every 4 s, so one that is silent for this long is gone. */
export const silenceMs = 10_000;
/** A server that has sent no hello by then is a stock one. */
export const helloMs = 1_000;
const echoEveryMs = 5_000;
/** With more to send, presence would arrive late, and only make content wait. */
const maxBytesBeforePresence = 100_000;
/** No relay sends a longer frame: cojson splits content at 100 kB, and few messages share a frame. */
const maxFrameLength = 32_000_000;

export interface DialOptions {
  readonly url: URL;
  readonly peerID: string;
  readonly transport: LinkTransport;
  readonly clock: Clock;
  readonly pacer: Pacer;
  /** The server is known to be a stock one, so do not wait for its hello. */
  readonly isStock: boolean;
  /** Whether a server that sends no hello may be taken for a stock one before its first message. */
  readonly mayBeStock: () => boolean;
  /** For a relay that lets in only clients that sign in. Undefined if the app has set up none. */
  readonly credentials?: Credentials | undefined;
  /** The app's version, for a relay that requires one. */
  readonly appVersion?: string | undefined;
  /** Whether content may leave. */
  readonly mayUpload: () => boolean;
  readonly on: RelayLinkEvents;
}

export function dialRelay(options: DialOptions): RelayLink {
  const { url, peerID, transport, clock, pacer, isStock, mayBeStock, on } = options;
  const { credentials, appVersion, mayUpload } = options;
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
      else {
        cancelHello = clock.after(helloMs, () => {
          if (mayBeStock()) becomeReady();
        });
      }
    },
    received(frame) {
      silence.received();
      outgoing.resumeSending();
      if (frame.length > maxFrameLength) return fail(errors.frameTooLarge(url));
      const lines = frames.splitFrame(frame);
      if (lines.length > frames.mostMessages) return fail(errors.frameTooLarge(url));
      arrivals.add(lines);
    },
    closed(error) {
      // The reason for closing comes after everything still waiting. The first message shows whether the
      // server is a relay.
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
    mayUpload,
    on: {
      ...on,
      abandoned: () => fail(errors.closedByNode()),
      withheld(message, error) {
        on.withheld(message, error);
        // cojson would wait a minute or two for an answer that cannot come.
        if (message.action === 'load') {
          incoming.push({ action: 'known', id: message.id, header: false, sessions: {} });
        }
      },
    },
  });
  const silence = createSilenceWatch(clock, silenceMs, () => fail(errors.silent(url)));
  const signIn = createSignIn({
    url,
    credentials,
    clock,
    on: {
      send(frame) {
        channel.send(frames.encodeFrame(frame));
        silence.received(); // Until now, the relay waited for this device.
      },
      welcomed: greet,
      failed: end,
      renewalFailed: on.renewalFailed,
    },
  });

  function receive({ line, atMs }: Arrival): void {
    if (hasEnded) return;
    messageCount++;
    try {
      const message = frames.readMessage(line);
      if (message.kind === 'maia') handleFrame(message.frame, atMs);
      else if (!hello) becomeReady(); // A relay sends its hello first, so this is a stock server.
      if (!isReady) {
        if (message.kind === 'sync') fail(errors.unexpected(message.message.action));
        return;
      }
      if (message.kind === 'ping') on.relayClock(message.timeMs, atMs);
      if (message.kind === 'sync') {
        const rest = on.received(message.message, line.length);
        if (rest) incoming.push(rest);
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
        // Only the first message may be a hello, so that nothing can raise the relay's promises later.
        if (messageCount > 1) return fail(errors.unexpected('hello'));
        hello = frame;
        cancelHello();
        // cojson's peer was added as a stock server's, without the relay's promises.
        if (isReady) return fail(errors.slowHello(url));
        if (!frame.auth) return greet();
        on.signingIn();
        return signIn.begin(frame.auth);
      case 'welcome':
        if (!signIn.welcomed(frame)) return fail(errors.unexpected('welcome'));
        return on.quota?.(frame.quota);
      case 'refused':
        return handleRefusal(frame);
      case 'echoed':
        return on.roundTrip(Math.max(0, atMs - frame.t));
      case 'hi':
      case 'auth':
      case 'echo':
      case 'inspect':
      case 'challenge':
        if (!hello) fail(errors.notARelay(url));
        return;
      case 'receipt':
        return on.receipt?.({ receipt: frame.receipt, signature: frame.signature });
      case 'presence':
        return on.presence?.(frame);
      case 'inspected': // The frame tap delivers it to the inspector.
    }
  }

  function handleRefusal(frame: frames.RefusedFrame): void {
    // What the relay has not seen, it cannot have judged: it has waited for too long.
    if (frame.closing && frame.code === 'unauthorized' && signIn.isPreparing) return end(tokenTooSlow(url));
    const error = errors.refusalError(url, frame, { required: hello?.minAppVersion, have: appVersion });
    on.refused(error, frame);
    const { code, id, closing, retryAfterMs } = frame;
    const failure = {
      error,
      retry: errors.willRetry(frame),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
    if (closing) end({ ...failure, ...(code === 'expired' && { isExpired: true }) });
    else if (id === undefined && (code === 'unauthorized' || code === 'expired')) signIn.refused(failure);
  }

  /** The relay serves this device from here on. */
  function greet(): void {
    becomeReady();
    echo();
  }

  function becomeReady(): void {
    if (isReady || hasEnded) return;
    isReady = true;
    cancelHello();
    // Stock servers ignore it. A server that sends it back is not a relay, and would otherwise confirm edits by echoing them.
    channel.send(
      frames.encodeFrame({
        maia: 'hi',
        v: frames.protocolVersion,
        kernel: kernelVersion,
        ...(appVersion !== undefined && { appVersion }),
        cutAcks: true,
      }),
    );
    on.ready({ id: peerID, role: 'server', incoming, outgoing: outgoing.channel, persistent: true }, hello);
  }

  function becomeAlive(): void {
    if (isAlive || !isReady || hasEnded) return;
    isAlive = true;
    on.alive();
  }

  function echo(): void {
    channel.send(frames.encodeFrame({ maia: 'echo', t: clock.elapsedMs() }));
    cancelEcho = clock.after(echoEveryMs, echo);
  }

  function fail(error: KernelError): void {
    end({ error, retry: true });
  }

  function end(how: Omit<LinkEnd, 'hasAnswered' | 'isRelay'>): void {
    if (hasEnded) return;
    shutDown(how.error);
    on.ended({ ...how, hasAnswered: messageCount > 0, isRelay: hello !== undefined });
  }

  function shutDown(error?: KernelError): void {
    hasEnded = true;
    arrivals.clear(); // The relay sends them again on the next connection.
    silence.stop();
    signIn.stop();
    cancelHello();
    cancelEcho();
    outgoing.end();
    channel.close(undefined, undefined, error);
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
    challenge: (nonce, at) => channel.send(frames.encodeFrame({ maia: 'challenge', nonce, at })),
    present(frame) {
      if (isReady && channel.bufferedBytes < maxBytesBeforePresence) channel.send(frames.encodeFrame(frame));
    },
    resumeSending: outgoing.resumeSending,
    close() {
      if (!hasEnded) shutDown();
    },
  };
}
