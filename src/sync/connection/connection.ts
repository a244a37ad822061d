import type { Pacer } from '../../base/pacer.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Transport } from '../../transport/transport.ts';
import type { HelloFrame, RelayQuota } from '../../wire/frames.ts';
import type { Credentials } from '../auth/credentials.ts';
import type { Disconnection } from '../inspection.ts';
import { backOffMs, longestIdleMs, longestMs } from './back-off.ts';
import { initialState, nextState, type ConnectionEvent, type ConnectionState } from './connection-state.ts';
import { watchHiddenTime } from './hidden-time.ts';
import { attemptRelay, type RelayAttempt } from './relay-attempt.ts';
import { mayReach } from './network.ts';
import { randomFraction } from './random-fraction.ts';
import type { LinkEnd, RelayLinkEvents } from './relay-link.ts';
import { probeTransport, type TransportProbe } from './transport-probe.ts';

/**
 * Keeps one relay connected. After a failure it backs off and dials the next address, and it retries at once when
 * an attempt may succeed. It keeps the first transport that works until the preferred one works again.
 */
export interface Connection {
  readonly state: ConnectionState;
  /** The current address, or the one to dial next. */
  readonly url: URL;
  /** The name of the current transport, or of the one to dial next. */
  readonly transport: string;
  readonly hello: HelloFrame | undefined;
  /** As of the last sign-in. */
  readonly quota: RelayQuota | undefined;
  readonly disconnection: Disconnection | undefined;
  readonly bufferedBytes: number;
  /** Received but not yet passed to cojson. */
  readonly waitingBytes: number;
  /** Sends an `inspect` frame if connected. */
  readonly ask: RelayAttempt['ask'];
  /** Sends a `challenge` frame if connected. */
  readonly challenge: RelayAttempt['challenge'];
  /** Sends a `presence` frame if connected. */
  readonly present: RelayAttempt['present'];
  readonly resumeSending: RelayAttempt['resumeSending'];
  pause(): void;
  resume(): void;
  reconnect(): void;
  /** Connects an idle tab now, because there is something to send. */
  wake(): void;
  close(): void;
}

export interface ConnectionEvents extends Omit<
  RelayLinkEvents,
  'signingIn' | 'quota' | 'alive' | 'roundTrip' | 'ended'
> {
  changed(): void;
  /** Called when the peer passed to `ready`, if any, is gone. */
  lost(): void;
}

export function createConnection(options: {
  readonly urls: readonly [URL, ...URL[]];
  readonly peerID: string;
  readonly transports: readonly [Transport, ...Transport[]];
  /** Undefined if the app has set up none. */
  readonly credentials?: Credentials | undefined;
  readonly appVersion?: string | undefined;
  /** Whether anything is waiting to be sent. If not, a page that stays hidden disconnects. Default: always. */
  readonly hasWork?: () => boolean;
  /** Whether content may leave. Call `resumeSending` when it may. Default: always. */
  readonly mayUpload?: () => boolean;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly on: ConnectionEvents;
}): Connection {
  const { urls, peerID, transports, credentials, appVersion, platform, pacer, on } = options;
  const { hasWork = () => true, mayUpload = () => true } = options;
  const { clock, page } = platform;
  const isOnline = () => mayReach(page, urls);
  let state = initialState(isOnline());
  let attempt: RelayAttempt | undefined;
  let probe: TransportProbe | undefined;
  /** The transport that worked last. */
  let chosen = transports[0];
  let hello: HelloFrame | undefined;
  let quota: RelayQuota | undefined;
  /** Whether the server at an address sent a hello. A relay never counts as a stock server, even if it is slow. */
  const isRelayAt = new Map<URL, boolean>();
  let url = urls[0];
  let cancelRetry = () => {};
  let retryDelayMs = 0;
  /** Whether the next attempt may be late, because there was nothing to send. */
  let isPatient = false;
  let aliveAtMs = 0;
  let disconnection: Disconnection | undefined = { sinceMs: clock.elapsedMs() };

  const stopListening = [
    page.on('online', tryNow),
    page.on('visible', tryNow),
    () => hidden.stop(),
    page.on('offline', () => {
      if (!isOnline()) move({ kind: 'network-lost' });
    }),
  ];
  const hidden = watchHiddenTime(page, clock, restIfIdle);

  function tryNow(): void {
    probe?.check();
    // After a permanent refusal, only `reconnect()` tries again.
    if (state.phase !== 'failed') move({ kind: 'try-now' });
  }

  const isIdle = () => hidden.isLong && !hasWork();

  /** Browsers allow few HTTP connections per host, so hidden tabs must leave them to the visible ones. */
  function restIfIdle(): void {
    if (isIdle() && attempt?.transport.name === 'http') move({ kind: 'rest' });
  }

  function move(event: ConnectionEvent): void {
    const before = state;
    state = nextState(state, event);
    if (state === before) return;
    if (state.phase !== before.phase) enter(state, event);
    on.changed();
  }

  function enter(next: ConnectionState, { kind }: Pick<ConnectionEvent, 'kind'>): void {
    cancelRetry();
    if (next.phase === 'connected') {
      disconnection = undefined;
      return;
    }
    disconnection = {
      sinceMs: clock.elapsedMs(),
      ...disconnection,
      ...((next.phase === 'waiting' || next.phase === 'failed') && {
        error: next.error,
        wasConnected: !disconnection,
      }),
    };
    hangUp();
    if (next.phase === 'connecting') dial(kind === 'switch');
    if (next.phase === 'waiting') {
      cancelRetry = clock.after(retryDelayMs, () => move({ kind: 'retry-due' }));
    }
    if (next.phase === 'closed') for (const stop of stopListening) stop();
  }

  function hangUp(): void {
    probe?.stop();
    probe = undefined;
    if (!attempt) return;
    attempt.close();
    attempt = undefined;
    lose();
  }

  function lose(): void {
    hello = undefined;
    on.lost();
  }

  function dial(isProven: boolean): void {
    attempt = attemptRelay({
      url,
      peerID,
      transports,
      first: chosen,
      isProven,
      clock,
      pacer,
      isStock: isRelayAt.get(url) === false,
      mayBeStock: isRelayAt.get(url) !== true,
      credentials,
      appVersion,
      mayUpload,
      on: {
        ...on,
        next() {
          lose();
          on.changed();
        },
        ready(peer, itsHello) {
          hello = itsHello;
          quota = undefined;
          on.ready(peer, itsHello);
        },
        quota(its) {
          quota = its;
          on.changed();
        },
        alive() {
          isRelayAt.set(url, hello !== undefined);
          keepTransport();
          aliveAtMs = clock.elapsedMs();
          move({ kind: 'connected', nowMs: clock.nowMs() });
        },
        roundTrip: (roundTripMs) => move({ kind: 'round-trip', roundTripMs }),
        ended,
      },
    });
  }

  function keepTransport(): void {
    if (!attempt) return;
    chosen = attempt.transport;
    if (chosen === transports[0]) return;
    probe = probeTransport({
      transport: transports[0],
      url,
      clock,
      random: () => randomFraction(platform),
      found() {
        chosen = transports[0];
        move({ kind: 'switch' });
      },
    });
  }

  function ended({ error, hasAnswered, isRelay, retry, retryAfterMs = 0, isExpired }: LinkEnd): void {
    // No transport worked, so assume that the relay is down and start again with the preferred one.
    if (!hasAnswered) chosen = transports[0];
    if (isRelay) isRelayAt.set(url, true);
    if (!retry) return move({ kind: 'rejected', error });
    if (!isExpired) url = urls[(urls.indexOf(url) + 1) % urls.length] ?? urls[0];
    move({
      kind: 'lost',
      error,
      nowMs: clock.nowMs(),
      lastedMs: clock.elapsedMs() - aliveAtMs,
      online: isOnline(),
      delayMs(failures) {
        isPatient = isIdle();
        const boundMs = isPatient ? longestIdleMs : longestMs;
        retryDelayMs = Math.max(
          Math.min(retryAfterMs, longestIdleMs),
          isExpired && failures === 1 ? 0 : backOffMs(failures, randomFraction(platform), boundMs),
        );
        return retryDelayMs;
      },
    });
  }

  if (state.phase === 'connecting') dial(false);
  return {
    get state() {
      return state;
    },
    get url() {
      return url;
    },
    get transport() {
      return (attempt?.transport ?? chosen).name;
    },
    get hello() {
      return hello;
    },
    get quota() {
      return quota;
    },
    get disconnection() {
      return disconnection;
    },
    get bufferedBytes() {
      return attempt?.bufferedBytes ?? 0;
    },
    get waitingBytes() {
      return attempt?.waitingBytes ?? 0;
    },
    ask: (ask, id) => attempt?.ask(ask, id),
    challenge: (nonce, at) => attempt?.challenge(nonce, at),
    present: (frame) => attempt?.present(frame),
    resumeSending: () => attempt?.resumeSending(),
    pause: () => move({ kind: 'pause' }),
    resume: () => move({ kind: 'resume', online: isOnline() }),
    reconnect() {
      probe?.check();
      move({ kind: 'try-now' });
    },
    wake() {
      if (state.phase === 'offline' ? isOnline() : state.phase === 'waiting' && isPatient)
        move({ kind: 'try-now' });
    },
    close: () => move({ kind: 'close' }),
  };
}
