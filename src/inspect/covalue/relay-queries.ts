import type { RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { ChannelMoment, SyncInspection } from '../../sync/inspection.ts';
import { readMessage, splitFrame, type InspectedFrame, type RelayKnown } from '../../wire/frames.ts';
import { listenToFrames } from '../shared/taps.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { checkCoValueID } from './check-covalue-id.ts';

export type RelayAnswer = {
  /** The relay's ID in the snapshot's `peers`. */
  readonly relayID: string;
  readonly relay: string;
} & QueryResult;

export interface RelayQueries {
  /** Resolves within 10 s. The same query made meanwhile shares the answer. */
  ask(peerID: string, id: RawCoID): Promise<QueryResult>;
  /** Rejects with MESSAGE_INVALID for anything but the ID of a CoValue. */
  askAll(id: string, relays: readonly Relay[]): Promise<readonly RelayAnswer[]>;
  /** Ends open queries and sends no more. Idempotent. */
  close(): void;
}

/** The part of a CoValue that a relay has committed, `null` for none, or why there is no answer. */
export type QueryResult = {
  /** When the answer arrived, or when it became clear that none would. */
  readonly atMs: number;
} & ({ readonly known: RelayKnown | null } | { readonly unanswered: Unanswered });

/**
 * `stock-relay`: this kind of relay does not support queries. `stock-node`: the app added the peers, and the inspector
 * cannot send to them. `not-offered`: the relay's operator has not enabled queries (`--inspect`). `too-many`: 20 queries
 * to this relay are open. For these and `not-connected`, nothing was sent. `disconnected`: the connection ended before
 * the answer. `timeout`: no answer within 10 s, for example because the relay's database does not respond.
 */
export type Unanswered =
  | 'not-connected'
  | 'stock-relay'
  | 'stock-node'
  | 'not-offered'
  | 'too-many'
  | 'disconnected'
  | 'timeout'
  | 'closed';

interface OpenQuery {
  readonly peerID: string;
  readonly id: RawCoID;
  readonly result: Promise<QueryResult>;
  end(result: QueryResult): void;
}

export const answerTimeoutMs = 10_000;
/** The limit for each relay. */
export const maxOpenQueries = 20;

/** Query numbers are shared by all inspectors, because inspectors receive each other's answers. */
let lastNumber = 0;

export function createRelayQueries(options: {
  readonly inspection: SyncInspection;
  /** The app, not the kernel, added the node's peers. */
  readonly isStock: boolean;
  readonly clock: Clock;
}): RelayQueries {
  const { inspection, isStock, clock } = options;
  const open = new Map<number, OpenQuery>();
  let stopListening = () => {};
  let isClosed = false;

  async function ask(peerID: string, id: RawCoID): Promise<QueryResult> {
    const openToPeer = [...open.values()].filter((query) => query.peerID === peerID);
    const same = openToPeer.find((query) => query.id === id);
    if (same) return same.result;
    const peer = inspection.peers().find((known) => known.id === peerID);
    if (isClosed) return unanswered('closed');
    if (isStock) return unanswered('stock-node');
    if (!peer?.ask) return unanswered('not-connected');
    if (!peer.hello) return unanswered('stock-relay');
    if (!offersQueries(peer.hello)) return unanswered('not-offered');
    if (openToPeer.length >= maxOpenQueries) return unanswered('too-many');
    const number = ++lastNumber;
    // Listen first: a channel may deliver the answer synchronously.
    const result = begin(number, peerID, id);
    peer.ask(number, id);
    return result;
  }

  async function askAll(id: string, relays: readonly Relay[]): Promise<readonly RelayAnswer[]> {
    checkCoValueID(id, 'no relay was queried');
    return Promise.all(
      relays.map(async ({ id: relayID, host: relay }) => ({ relayID, relay, ...(await ask(relayID, id)) })),
    );
  }

  function begin(number: number, peerID: string, id: RawCoID): Promise<QueryResult> {
    if (open.size === 0) listen();
    let resolve: (result: QueryResult) => void = () => {};
    const result = new Promise<QueryResult>((resolveResult) => (resolve = resolveResult));
    const cancel = clock.after(answerTimeoutMs, () => open.get(number)?.end(unanswered('timeout')));
    open.set(number, {
      peerID,
      id,
      result,
      end(how) {
        cancel();
        open.delete(number);
        if (open.size === 0) stopListening();
        resolve(how);
      },
    });
    return result;
  }

  function listen(): void {
    const stops = [
      listenToFrames(inspection, receive),
      inspection.onEvent(({ event, detail }) => {
        if (event === 'disconnect') endAll('disconnected', detail.peerID);
      }),
    ];
    stopListening = () => {
      for (const stop of stops) stop();
    };
  }

  function receive(moment: ChannelMoment): void {
    if (moment.kind !== 'received') return;
    for (const { ask: number, id, known } of answersIn(moment.text)) {
      const query = open.get(number);
      // Ignore answers from another relay, or about another CoValue.
      if (query?.peerID !== moment.peerID || query.id !== id) continue;
      query.end({ atMs: moment.atMs, known });
    }
  }

  function endAll(why: Unanswered, peerID?: string): void {
    for (const query of [...open.values()]) {
      if (peerID === undefined || query.peerID === peerID) query.end(unanswered(why));
    }
  }

  function unanswered(why: Unanswered): QueryResult {
    return { atMs: clock.nowMs(), unanswered: why };
  }

  return {
    ask,
    askAll,
    close() {
      isClosed = true;
      endAll('closed');
    },
  };
}

function offersQueries(hello: object): boolean {
  return 'inspect' in hello && hello.inspect === true;
}

/** Skips malformed lines; the kernel closes the connection because of them. */
function answersIn(text: string): readonly InspectedFrame[] {
  if (!text.includes('"inspected"')) return [];
  return splitFrame(text).flatMap((line) => {
    if (!line.includes('"inspected"')) return [];
    try {
      const message = readMessage(line);
      return message.kind === 'maia' && message.frame.maia === 'inspected' ? [message.frame] : [];
    } catch {
      return [];
    }
  });
}
