import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { addStockPeer, createClientNode } from '../support/relay/stock-client.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './seeded-random.ts';

const retryMs = 20;
const editEveryMs = 4;
/** How far edits may run ahead of what is acknowledged, so that a round without a relay does not pile them up. */
const maxAhead = 300;

/** A stock client that edits by itself, on whichever relay it finds. */
export interface Writer {
  readonly node: LocalNode;
  /** The CoValues that it has made; the last one is edited. */
  readonly maps: readonly RawCoMap[];
  /** Goes on in a new CoValue. */
  turnPage(): void;
  /** Edits this one too, when it is its turn. */
  share(map: RawCoMap, turns: Turns): void;
  stop(): void;
}

/** Lets several edit one CoValue. */
export interface Turns {
  /** Edits, unless somebody has in this millisecond. Returns whether it did. */
  take(edit: () => void): boolean;
}

/** cojson does not order edits of one millisecond by several sessions: its clients would differ in who was last. */
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
  keepConnected(node, nextUrl, ledger);
  return {
    node,
    maps,
    turnPage: () => void maps.push(group.createMap()),
    share(map, turns) {
      shared = { map, turns };
    },
    stop,
  };
}

/** What an app around stock cojson does: a lost connection is followed by one to the next address. */
function keepConnected(node: LocalNode, nextUrl: () => string | undefined, ledger: Ledger): void {
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
    // A relay that has just been killed refuses the connection, and `close` follows.
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
}
