import {
  activeSession,
  httpTransport,
  resumeSession,
  signUpWithRecoveryPhrase,
  webSocketTransport,
  type SessionOptions,
} from '@MaiaOS/kernel';
import type { CoID, RawCoMap } from '@MaiaOS/kernel/cojson';

/** Where the app syncs, and over what; by default, over what works. */
export interface Relay {
  readonly url: string;
  readonly over?: 'websocket' | 'http';
}

/** What the test calls in the page. */
export interface FirefoxApp {
  /** Returns the recovery phrase. */
  signUp(relay?: Relay): Promise<string>;
  /** Returns the account's ID; null if the device remembers none. */
  resume(relay?: Relay): Promise<string | null>;
  /** Edits the account's root map. */
  edit(key: string, value: string): Promise<void>;
  whenSaved(): Promise<void>;
  whenConfirmed(): Promise<void>;
  /** Null if the root map has no such key. */
  read(key: string): Promise<string | null>;
  sessionID(): string;
  /** The names of the Web Locks that the origin's tabs hold. */
  heldLocks(): Promise<readonly string[]>;
  /** The phase of the only relay's connection, and its transport. */
  connection(): { readonly phase: string | undefined; readonly transport: string | undefined };
  reconnect(): void;
  /** Dials at once, whatever happened before. */
  restart(): void;
  /** Opens a WebSocket of the page's own and returns how long Firefox took to report its failure, in ms. */
  failToOpen(url: string): Promise<number>;
}

declare global {
  var firefoxApp: FirefoxApp;
}

function opened() {
  if (!activeSession.current) throw new Error('No session is open.');
  return activeSession.current;
}

function optionsFor(relay: Relay | undefined): SessionOptions {
  if (!relay) return { sync: false };
  const { url, over } = relay;
  if (!over) return { sync: { url } };
  return { sync: { url, transports: [over === 'http' ? httpTransport() : webSocketTransport()] } };
}

async function rootMap(): Promise<RawCoMap> {
  const { account, node } = opened();
  const root = await node.load(account.get('root') as CoID<RawCoMap>);
  if (root === 'unavailable') throw new Error('The root map is unavailable.');
  return root;
}

globalThis.firefoxApp = {
  async signUp(relay) {
    const { phrase } = await signUpWithRecoveryPhrase(optionsFor(relay));
    return phrase;
  },
  resume: async (relay) => (await resumeSession(optionsFor(relay)))?.accountID ?? null,
  edit: async (key, value) => (await rootMap()).set(key, value),
  whenSaved: () => opened().sync.whenSaved(),
  whenConfirmed: () => opened().sync.whenConfirmed(),
  async read(key) {
    const value = (await rootMap()).get(key);
    return typeof value === 'string' ? value : null;
  },
  sessionID: () => opened().node.currentSessionID,
  async heldLocks() {
    const { held = [] } = await navigator.locks.query();
    return held.flatMap(({ name }) => name ?? []);
  },
  connection() {
    const [peer] = opened().sync.current.peers;
    return { phase: peer?.phase, transport: peer?.transport };
  },
  reconnect: () => opened().sync.reconnect(),
  restart() {
    opened().sync.pause();
    opened().sync.resume();
  },
  failToOpen(url) {
    const startMs = performance.now();
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.onclose = () => resolve(performance.now() - startMs);
      socket.onopen = () => reject(new Error('It opened.'));
    });
  },
};
