import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import type { RawData } from 'ws';
import type { Clock } from '../../src/base/clock.ts';
import { encodePing } from '../../src/wire/frames.ts';
import type { ClientSocket } from '../../src/relay/client/client-socket.ts';
import type { ServedTables } from './relay-tables.ts';
import { createStockDisk, type StockDisk } from './stock-disk.ts';

/** A machine with a stock cojson server. That knows none of our frames, and so sends no `hello`. */
export interface StockMachine {
  /** What its database contains. */
  readonly tables: ServedTables;
  /** Whether its process is serving. */
  readonly isUp: boolean;
  start(): Promise<void>;
  /** Ends the process at once. The caller cuts its connections. */
  kill(): void;
  open(socket: ClientSocket): void;
}

interface Process {
  open(socket: ClientSocket): void;
  kill(): void;
}

/** As cojson's own server. */
const pingMs = 1_500;

export function createStockMachine(clock: Clock): StockMachine {
  const database = createStockDisk();
  let starts = 0;
  let isStarting = false;
  let running: Process | undefined;

  return {
    get tables() {
      return database.tables;
    },
    get isUp() {
      return running !== undefined;
    },
    async start() {
      if (isStarting || running) return;
      const start = ++starts;
      isStarting = true;
      const started = await startProcess(database, clock);
      if (start !== starts) return started.kill();
      isStarting = false;
      running = started;
    },
    kill() {
      starts++;
      isStarting = false;
      running?.kill();
      running = undefined;
    },
    open: (socket) => running?.open(socket),
  };
}

async function startProcess(database: StockDisk, clock: Clock): Promise<Process> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const { storage, kill } = database.open();
  node.setStorage(storage);
  let count = 0;
  let isOver = false;

  function ping(socket: ClientSocket): void {
    clock.after(pingMs, () => {
      if (isOver || socket.readyState !== socket.OPEN) return;
      socket.send(encodePing(clock.nowMs()));
      ping(socket);
    });
  }

  return {
    open(socket) {
      ping(socket);
      node.syncManager.addPeer(
        createWebSocketPeer({
          id: `client-${++count}`,
          websocket: asWebSocket(socket),
          role: 'client',
          expectPings: false,
          deletePeerStateOnClose: true,
        }),
      );
    },
    kill() {
      isOver = true;
      kill();
    },
  };
}

type StockSocket = Parameters<typeof createWebSocketPeer>[0]['websocket'];

/** The socket with a browser's interface, which the stock transport expects. */
function asWebSocket(socket: ClientSocket): StockSocket {
  const listeners = new Map<string, Set<(event: never) => void>>();
  const emit = (type: string, event: object) => {
    for (const listener of [...(listeners.get(type) ?? [])]) listener(event as never);
  };
  socket.on('message', (data: RawData) => emit('message', { data: (data as Buffer).toString() }));
  socket.on('close', () => emit('close', { code: 1006, reason: '' }));
  return {
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text) => socket.send(text),
    close: () => socket.close(),
    addEventListener(type, listener) {
      listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
    },
    removeEventListener: (type, listener) => void listeners.get(type)?.delete(listener),
  };
}
