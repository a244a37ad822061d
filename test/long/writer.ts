import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { addStockPeer, createClientNode } from '../support/relay/stock-client.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './seeded-random.ts';

const retryMs = 20;
/** More often, the clients would take the processor from the relays. */
const editEveryMs = 12;
/** The largest number of unacknowledged edits, so that they do not pile up without a relay. */
const maxAhead = 300;

/** A stock client that edits continuously through any admitted relay. */
export interface Writer {
  readonly node: LocalNode;
  /** The CoValues it created; it edits the last one. */
  readonly maps: readonly RawCoMap[];
  /** Continues in a new CoValue. */
  turnPage(): void;
  /** Also edits this CoValue, taking turns with the other writers. */
  share(map: RawCoMap, turns: Turns): void;
  /** Gives up on its relay, and connects to the next address. */
  reconnect(): void;
  stop(): void;
}

/** Coordinates several writers of one CoValue. */
export interface Turns {
  /** Edits unless a writer already did in this millisecond. Returns whether it edited. */
  take(edit: () => void): boolean;
}

/** cojson does not order several sessions' edits of one millisecond, so its clients could disagree about the last one. */
export function createTurns(): Turns {
  let lastMs = 0;
  return {
    take(edit) {
      if (Date.now() <= lastMs) return false;
      edit();
      lastMs = Date.now();
      return true;
    },
  };
}

export async function createWriter(
  random: Random,
  ledger: Ledger,
  nextUrl: () => string | undefined,
): Promise<Writer> {
  const node = await createClientNode();
  const group: RawGroup = node.createGroup();
  const maps: RawCoMap[] = [group.createMap()];
  let shared: { readonly map: RawCoMap; readonly turns: Turns } | undefined;
  let editCount = 0;

  function edit(): void {
    if (editCount - ledger.totalOf(node.currentSessionID) > maxAhead) return;
    for (let left = random(1, 8); left > 0; left--) {
      const privacy = random(0, 1) === 0 ? 'private' : 'trusting';
      const [key, value] = [`key${random(0, 9)}`, 'x'.repeat(random(0, 300)) + ++editCount];
      const isOwn = random(0, 3) > 0 || !shared?.turns.take(() => shared?.map.set(key, value, privacy));
      if (isOwn) maps.at(-1)?.set(key, value, privacy);
    }
  }

  const timer = setInterval(edit, editEveryMs);
  const stop = () => clearInterval(timer);
  onTestFinished(stop);
  const reconnect = keepConnected(node, nextUrl, ledger);
  return {
    node,
    maps,
    turnPage: () => void maps.push(group.createMap()),
    share(map, turns) {
      shared = { map, turns };
    },
    reconnect,
    stop,
  };
}

/**
 * Reconnects to the next address after a lost connection, like an app on stock cojson. Returns a function that cuts the
 * connection.
 */
function keepConnected(node: LocalNode, nextUrl: () => string | undefined, ledger: Ledger): () => void {
  let socket: WebSocket | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function connect(): void {
    if (isClosed) return;
    const url = nextUrl();
    if (url === undefined) return retry();
    node.syncManager.removePeer('relay');
    socket = addStockPeer(node, url);
    socket.on('message', (data: Buffer) => ledger.read(data.toString('utf8')));
    // A killed relay refuses the connection; `close` follows.
    socket.on('error', () => {});
    socket.once('close', retry);
  }

  function retry(): void {
    timer = setTimeout(connect, retryMs);
  }

  connect();
  onTestFinished(() => {
    isClosed = true;
    clearTimeout(timer);
    socket?.terminate();
  });
  return () => socket?.terminate();
}
