import { noMetrics } from '../support/relay/no-metrics.ts';
import { LocalNode, type CoValueCore, type RawCoID, type RawCoMap, type SyncMessage } from 'cojson';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { silentLogger } from '../../src/base/logger.ts';
import { readLimits } from '../../src/relay/config/limits.ts';
import { startServing, type Serving } from '../../src/relay/serving/serving.ts';
import { encodeFrame } from '../../src/wire/frames.ts';
import { isPartial } from '../../src/wire/sync-message.ts';
import { createClientNode, crypto } from '../support/relay/stock-client.ts';
import { isConfirmed } from '../support/relay/test-relay.ts';
import { writeSessions } from '../support/relay/write-sessions.ts';
import { openLink, type Link } from './network.ts';
import { createDice, takeChanceFrom, type Dice } from './random.ts';
import { openRelayDatabase } from './relay-database.ts';
import { emptyTables } from './relay-tables.ts';
import { beginVirtualTime, type VirtualTime } from './virtual-time.ts';

/** What stock clients and a relay have sent each other, and what the clients show at the end. */
export interface StockHistory {
  /** All that the clients have sent, in order. */
  readonly sent: readonly string[];
  /** How many transactions a client has sent that had been sent before, by any of them. */
  readonly sentAgain: number;
  readonly acknowledgements: { readonly count: number; readonly partial: number; readonly bytes: number };
  /** By map. All clients show the same. */
  readonly shown: readonly Readonly<Record<string, unknown>>[];
}

/** `wantsWhole`: the clients get whole acknowledgements, as they claim to be kernels that can read no others. */
export interface StockHistoryOptions {
  readonly seed: number;
  readonly wantsWhole: boolean;
  readonly rounds: number;
}

const clientCount = 4;
/** More than a stock client gets whole acknowledgements for, and fewer. */
const sessionsOfMaps = [100, 80, 5];
const settleMs = 20_000;
/** The relay evicts what nobody has used for so long. */
const idleMs = 20 * 60_000;

/**
 * Clients of cojson edit the same maps under ever new sessions, lose their connections and come back, and the relay restarts.
 * The seed determines everything, and no delay depends on the length of a message.
 */
export async function playStockHistory(options: StockHistoryOptions): Promise<StockHistory> {
  const giveChanceBack = takeChanceFrom(createDice(options.seed ^ 0x5eed));
  const time = beginVirtualTime();
  try {
    return await play(time, options);
  } finally {
    time.end();
    giveChanceBack();
  }
}

async function play(
  time: VirtualTime,
  { seed, wantsWhole, rounds }: StockHistoryOptions,
): Promise<StockHistory> {
  const dice = createDice(seed);
  const traffic = createTraffic();
  const relay = createRelay(time, createDice(seed ^ 0xdb));
  await time.advance(settleMs);
  await relay.start();

  const writer = createClient(await createClientNode());
  const group = writer.node.createGroup();
  group.addMember('everyone', 'writer');
  const maps = sessionsOfMaps.map((count) => {
    const map = group.createMap();
    writeSessions(map, count);
    return map;
  });
  const ids = maps.map(({ id }) => id);
  writer.connect();
  await time.advance(settleMs);
  const clients = [writer];
  for (let count = 1; count < clientCount; count++) {
    const client = createClient(await createClientNode());
    client.connect();
    for (const id of ids) void client.node.loadCoValueCore(id);
    clients.push(client);
  }
  await time.advance(settleMs);

  for (let round = 0; round < rounds; round++) {
    for (let step = dice.between(2, 12); step > 0; step--) {
      const act = dice.between(0, 99);
      const client = dice.oneOf(clients) ?? writer;
      if (act < 50) client.edit(`${round} ${step}`);
      else if (act < 58) client.cut();
      else if (act < 70) client.connect();
      else if (act < 82) client.reload();
      else if (act < 97) await time.advance(dice.between(1, 200));
      else await restart();
    }
    if (dice.chance(50)) await time.advance(dice.chance(20) ? idleMs : settleMs);
  }
  for (const client of clients) client.connect();
  await time.advance(5 * settleMs);
  const shown = clients.map((client) => client.shown());
  for (const [index, client] of clients.entries()) {
    if (JSON.stringify(shown[index]) !== JSON.stringify(shown[0])) throw new Error('The clients differ.');
    for (const id of ids)
      if (!isConfirmed(client.node, { id })) throw new Error('A client is not told that the relay has all.');
  }
  for (const client of clients) client.cut();
  relay.kill();
  return { ...traffic.read(), shown: shown[0] ?? [] };

  async function restart(): Promise<void> {
    relay.kill();
    for (const client of clients) client.cut();
    await relay.start();
  }

  function createClient(first: LocalNode) {
    let node = first;
    let link: Link | undefined;

    function cut(): void {
      link?.cut({ tab: true, relay: true });
      link = undefined;
    }

    function connect(): void {
      cut();
      link = relay.open(dice.between(1, 40), traffic.received);
      const socket = withState(link, traffic.sent);
      // Before the peer, which sends what it has as soon as the socket is open.
      const hi = encodeFrame({ maia: 'hi', v: 1, kernel: 'without cut acknowledgements' });
      if (wantsWhole) link.socket.addEventListener('open', () => link?.socket.send(hi));
      node.syncManager.addPeer(createWebSocketPeer({ id: 'relay', websocket: socket, role: 'server' }));
    }

    return {
      get node() {
        return node;
      },
      connect,
      cut,
      /** As with a page: another session, and nothing is known of what the relay has. */
      reload() {
        cut();
        const contents = contentsOf(node);
        const accountID = node.expectCurrentAccountID('test');
        node = new LocalNode(
          node.getCurrentAgent().agentSecret,
          crypto.newRandomSessionID(accountID),
          crypto,
        );
        for (const content of contents) node.syncManager.handleNewContent(content, 'import');
        connect();
      },
      edit(value: string) {
        const map = mapOf(node, dice.oneOf(ids));
        const privacy = dice.chance(50) ? 'private' : 'trusting';
        map?.set(dice.chance(30) ? 'shared' : value, value, privacy);
      },
      shown: () => ids.map((id) => sorted(mapOf(node, id)?.toJSON() ?? {})),
    };
  }
}

function createRelay(time: VirtualTime, dice: Dice) {
  const disk = { tables: emptyTables('relay') };
  let database = openRelayDatabase(disk, time, dice);
  let serving: Serving | undefined;
  return {
    async start() {
      const opened = openRelayDatabase(disk, time, dice);
      database = opened;
      const starting = startServing(opened, readLimits(), silentLogger, noMetrics, {
        memoryBytes: 1e9,
        random: () => 0.5,
      });
      await time.advance(1_000);
      serving = await starting;
    },
    kill() {
      serving = undefined;
      database.kill();
    },
    /** Each frame takes so long, so that fewer or longer ones change nothing else. */
    open: (latencyMs: number, received: (frame: string) => void) =>
      openLink({
        clock: time,
        dice: { ...dice, between: (min, max) => (max > 3 ? latencyMs : min) },
        accept(socket) {
          serving?.open(socket, { address: '127.0.0.1' });
          return serving !== undefined;
        },
        onFrame(direction, frame) {
          if (direction === 'down') received(frame);
        },
      }),
  };
}

/** A socket as the stock transport needs it. */
function withState({ socket }: Link, onSent: (frame: string) => void) {
  let readyState = 0;
  socket.addEventListener('open', () => (readyState = 1));
  socket.addEventListener('close', () => (readyState = 3));
  return {
    addEventListener: socket.addEventListener as (type: string, listener: (event: never) => void) => void,
    removeEventListener() {},
    close: () => socket.close(),
    send(frame: string) {
      onSent(frame);
      socket.send(frame);
    },
    get readyState() {
      return readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
}

function mapOf(node: LocalNode, id: RawCoID | undefined): RawCoMap | undefined {
  const core = id && node.getCoValue(id);
  return core?.isAvailable() ? (core.getCurrentContent() as RawCoMap) : undefined;
}

/** Accounts and groups first, because everything else needs them. */
function contentsOf(node: LocalNode) {
  return [...node.allCoValues()]
    .filter((core) => core.isAvailable())
    .sort((a, b) => rankOf(a) - rankOf(b))
    .flatMap((core) => core.newContentSince(undefined) ?? []);
}

function rankOf({ verified }: CoValueCore): number {
  const { ruleset, meta } = verified?.header ?? {};
  if (ruleset?.type !== 'group') return 2;
  return meta?.type === 'account' ? 0 : 1;
}

function sorted(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function createTraffic() {
  const sent: string[] = [];
  const seen = new Set<string>();
  const acknowledgements = { count: 0, partial: 0, bytes: 0 };
  let sentAgain = 0;

  function messagesIn(frame: string): SyncMessage[] {
    return frame
      .split('\n')
      .filter((line) => line.startsWith('{"action"'))
      .map((line) => JSON.parse(line) as SyncMessage);
  }

  return {
    sent(frame: string) {
      for (const message of messagesIn(frame)) {
        sent.push(JSON.stringify(message));
        if (message.action !== 'content') continue;
        for (const [sessionID, { after, newTransactions }] of Object.entries(message.new))
          for (const index of newTransactions.keys()) {
            const key = `${message.id} ${sessionID} ${after + index}`;
            if (seen.has(key)) sentAgain++;
            seen.add(key);
          }
      }
    },
    received(frame: string) {
      for (const message of messagesIn(frame)) {
        if (message.action !== 'known' || message.isCorrection) continue;
        acknowledgements.count++;
        acknowledgements.bytes += JSON.stringify(message).length;
        if (isPartial(message)) acknowledgements.partial++;
      }
    },
    read: () => ({ sent, sentAgain, acknowledgements }),
  };
}
