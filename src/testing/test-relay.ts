import { createKernelError } from '../base/kernel-error.ts';
import type { Relay } from '../relay/index.ts';
import { createRelayOn, type Database } from '../relay/relay.ts';

/** A relay on this machine that keeps everything in memory. */
export interface TestRelay {
  /** Such as `http://127.0.0.1:38113`, until `close`. For `createTestSession`, or for `url` of the sync options. */
  readonly url: string;
  /** Disconnects all clients, and refuses new ones until `start`. Safe to call twice. */
  stop(): Promise<void>;
  /** Serves again at the same address, with what is stored. Does nothing if the relay runs. */
  start(): Promise<void>;
  /** Disconnects all clients, and serves them again with what is stored. */
  restart(): Promise<void>;
  /** Disconnects all clients, and serves them again with an empty storage, as if the relay had lost its disk. */
  wipe(): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** `createTestRelay` with a custom way to open an empty database. */
export async function startTestRelay(openDatabase: () => Promise<Database>): Promise<TestRelay> {
  let database = await openDatabase();
  let closing: Promise<void> | undefined;
  let lastAct: Promise<void> = Promise.resolve();
  let relay: Relay | undefined;
  const { url, port } = await serve(0).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });

  /** The database outlives the relay. */
  async function serve(onPort: number): Promise<Relay> {
    relay ??= await createRelayOn(() => Promise.resolve({ ...database, close: () => Promise.resolve() }), {
      port: onPort,
      storage: 'memory:',
    });
    return relay;
  }

  async function stop(): Promise<void> {
    await relay?.close();
    relay = undefined;
  }

  async function start(): Promise<void> {
    await serve(port);
  }

  /** One act at a time, so that none finds the relay starting or stopping. */
  function inTurn(act: () => Promise<void>): Promise<void> {
    const acted = lastAct.then(act);
    lastAct = acted.catch(() => {});
    return acted;
  }

  function unlessClosed(act: () => Promise<void>): Promise<void> {
    return closing ? Promise.reject(closed(url)) : inTurn(act);
  }

  return {
    url,
    stop: () => unlessClosed(stop),
    start: () => unlessClosed(start),
    restart: () => unlessClosed(() => stop().then(start)),
    wipe: () =>
      unlessClosed(async () => {
        const empty = await openDatabase();
        await stop();
        await database.close();
        database = empty;
        await start();
      }),
    close() {
      closing ??= inTurn(async () => {
        await stop();
        await database.close();
      });
      return closing;
    },
  };
}

function closed(url: string) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The test relay at ${url} is closed, so it cannot start again. Create another one with createTestRelay().`,
  );
}
