import type { RawCoID } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { ChannelMoment, SyncInspection } from '../sync/inspection.ts';
import { readMessage, splitFrame, type InspectedFrame, type RelayKnown } from '../wire/frames.ts';
import { listenToFrames } from './frame-tap.ts';

/** What one relay answered to `askRelays`. */
export type RelayAnswer = {
  /** As in the snapshot's `peers`. */
  readonly relayID: string;
  /** Host and port. */
  readonly relay: string;
} & RelayWord;

/** Asks relays what they have of CoValues. */
export interface RelayAsks {
  /** Resolves within 10 s. Who asks the same again meanwhile gets the same answer. */
  ask(peerID: string, id: RawCoID): Promise<RelayWord>;
  /** Ends what is open, and asks nothing any more. Safe to call twice. */
  close(): void;
}

/** What a relay said it has committed of a CoValue, `null` for nothing of it, or why it said nothing. */
export type RelayWord = {
  /** When it said so, or when no answer could come any more. */
  readonly atMs: number;
} & ({ readonly known: RelayKnown | null } | { readonly unanswered: Unanswered });

/**
 * - `not-connected`: nothing was asked; the relay's `phase` says why.
 * - `stock-relay`: it is of a kind that cannot be asked. Nothing was.
 * - `stock-node`: this node's peers are the app's own, and nothing can be sent to them from here.
 * - `not-offered`: it can, and its operator does not let it (`--inspect`). Nothing was asked.
 * - `too-many`: 20 questions to it are open. Nothing was asked.
 * - `disconnected`: the connection ended before the answer.
 * - `timeout`: no answer came for 10 s, as when the relay's database does not answer.
 * - `closed`: the inspector was closed.
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

interface OpenAsk {
  readonly peerID: string;
  readonly id: RawCoID;
  readonly word: Promise<RelayWord>;
  end(word: RelayWord): void;
}

export const answerWithinMs = 10_000;
/** Of one relay. */
export const mostAsks = 20;

/** Of all inspectors: they hear each other's answers. */
let lastNumber = 0;

export function createRelayAsks({
  inspection,
  isStock,
  clock,
}: {
  readonly inspection: SyncInspection;
  /** The node's peers are the app's, and not the kernel's. */
  readonly isStock: boolean;
  readonly clock: Clock;
}): RelayAsks {
  const open = new Map<number, OpenAsk>();
  let stopListening = () => {};
  let isClosed = false;

  async function ask(peerID: string, id: RawCoID): Promise<RelayWord> {
    const asks = [...open.values()].filter((each) => each.peerID === peerID);
    const same = asks.find((each) => each.id === id);
    if (same) return same.word;
    const peer = inspection.peers().find((each) => each.id === peerID);
    if (isClosed) return without('closed');
    if (isStock) return without('stock-node');
    if (!peer?.ask) return without('not-connected');
    if (!peer.hello) return without('stock-relay');
    if (!offersIt(peer.hello)) return without('not-offered');
    if (asks.length >= mostAsks) return without('too-many');
    const number = ++lastNumber;
    const word = begin(number, peerID, id);
    peer.ask(number, id);
    return word;
  }

  /** Listens first: a channel may answer in the turn of the question. */
  function begin(number: number, peerID: string, id: RawCoID): Promise<RelayWord> {
    if (open.size === 0) listen();
    let resolve: (word: RelayWord) => void = () => {};
    const word = new Promise<RelayWord>((own) => (resolve = own));
    const cancel = clock.after(answerWithinMs, () => open.get(number)?.end(without('timeout')));
    open.set(number, {
      ...{ peerID, id, word },
      end(how) {
        cancel();
        open.delete(number);
        if (open.size === 0) stopListening();
        resolve(how);
      },
    });
    return word;
  }

  function listen(): void {
    const stops = [
      listenToFrames(inspection, hear),
      inspection.onEvent(({ event, detail }) => {
        if (event === 'disconnect') endAll('disconnected', detail.peerID);
      }),
    ];
    stopListening = () => {
      for (const stop of stops) stop();
    };
  }

  function hear(moment: ChannelMoment): void {
    if (moment.kind !== 'received') return;
    for (const { ask: number, id, known } of answersIn(moment.text)) {
      const asked = open.get(number);
      // A relay answers for itself, and for what it was asked.
      if (asked?.peerID !== moment.peerID || asked.id !== id) continue;
      asked.end({ atMs: moment.atMs, known });
    }
  }

  function endAll(why: Unanswered, peerID?: string): void {
    for (const asked of [...open.values()]) {
      if (peerID === undefined || asked.peerID === peerID) asked.end(without(why));
    }
  }

  function without(unanswered: Unanswered): RelayWord {
    return { atMs: clock.nowMs(), unanswered };
  }

  return {
    ask,
    close() {
      isClosed = true;
      endAll('closed');
    },
  };
}

function offersIt(hello: object): boolean {
  return 'inspect' in hello && hello.inspect === true;
}

/** What is malformed ends the connection elsewhere. */
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
