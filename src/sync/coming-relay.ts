import type { KernelError } from '../base/kernel-error.ts';
import { backOffMs } from './back-off.ts';
import { initialState, nextState, type ConnectionEvent } from './connection-state.ts';
import { mayReach } from './network.ts';
import type { CreateNodeRelay, NodeRelay, NodeRelayOptions } from './node-relay.ts';
import { randomFraction } from './random-fraction.ts';
import { relayPart } from './relay-part.ts';

/**
 * A relay whose code is fetched first, for an app that brings a node of its own. To who looks, that is a part of
 * connecting: it fails, waits, is paused and is tried again as a connection is. No peer is there meanwhile, so that nothing
 * is heard of the relay that would be missed.
 */
export function createComingRelay(
  options: NodeRelayOptions,
  loadPart: () => Promise<{ readonly createNodeRelay: CreateNodeRelay }> = () => relayPart.load(),
): NodeRelay {
  const { id, transports, platform, onChange } = options;
  const { clock, page } = platform;
  const urls = options.urls.map((url) => new URL(url));
  let relay: NodeRelay | undefined;
  let state = initialState(mayReach(page, urls));
  let isSettled = false;
  let cancelRetry = () => {};

  const tryNow = () => move({ kind: 'try-now' });
  const stopListening = [
    page.on('online', tryNow),
    page.on('visible', tryNow),
    page.on('offline', () => {
      if (!mayReach(page, urls)) move({ kind: 'network-lost' });
    }),
  ];

  function move(event: ConnectionEvent): void {
    const before = state;
    state = nextState(state, event);
    if (state === before) return;
    cancelRetry();
    if (state.phase === 'connecting') come();
    if (state.phase === 'waiting') {
      cancelRetry = clock.after(state.retryAtMs - clock.nowMs(), () => move({ kind: 'retry-due' }));
    }
    if (state.phase === 'closed') stop();
    onChange();
  }

  function come(): void {
    const attempt = state;
    // Paused or closed meanwhile, it is not wanted; where that was resumed, it has been asked for again.
    const isWanted = () => state === attempt;
    void loadPart().then(
      ({ createNodeRelay }) => isWanted() && begin(createNodeRelay),
      (error: KernelError) => isWanted() && fail(error),
    );
  }

  function begin(createNodeRelay: CreateNodeRelay): void {
    stop();
    relay = createNodeRelay(options);
    if (isSettled) relay.evidence.settled();
    onChange();
  }

  function fail(error: KernelError): void {
    move({
      kind: 'lost',
      error,
      nowMs: clock.nowMs(),
      online: mayReach(page, urls),
      delayMs: (failures) => backOffMs(failures, randomFraction(platform)),
    });
  }

  function stop(): void {
    for (const each of stopListening) each();
  }

  if (state.phase === 'connecting') come();
  return {
    id,
    connection: {
      get state() {
        return relay?.connection.state ?? state;
      },
      pause: () => (relay ? relay.connection.pause() : move({ kind: 'pause' })),
      resume: () =>
        relay ? relay.connection.resume() : move({ kind: 'resume', online: mayReach(page, urls) }),
      reconnect: () => (relay ? relay.connection.reconnect() : tryNow()),
      wake: () => relay?.connection.wake(),
    },
    evidence: {
      saidOf: (coValueID) => relay?.evidence.saidOf(coValueID) ?? {},
      settled() {
        isSettled = true;
        relay?.evidence.settled();
      },
      ask: () => relay?.evidence.ask(),
    },
    handling: (message) => relay?.handling(message),
    handled: (message, peer) => relay?.handled(message, peer),
    confirmed: (coValueID, edits) => relay?.confirmed(coValueID, edits),
    look: () => relay?.look(),
    sentElsewhere: (coValueID, coverage) => relay?.sentElsewhere(coValueID, coverage),
    believe: (coValueID, found) => relay?.believe(coValueID, found),
    facts: () =>
      relay?.facts() ?? {
        ...{ id, url: urls[0]?.href ?? '', transport: transports[0].name, state },
        ...{ hello: undefined, isSure: false, clockOffsetMs: undefined },
        download: { received: 0, caughtUp: false },
      },
    inspect: () => relay?.inspect() ?? { id, bufferedBytes: 0, unacknowledgedMessages: 0 },
    close: () => (relay ? relay.close() : move({ kind: 'close' })),
  };
}
