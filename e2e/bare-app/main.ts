import { activeSession, resumeSession, setupSyncPeers, signUpWithPasskey } from '@MaiaOS/kernel';
import type { CoID, RawAccount, RawCoMap } from '@MaiaOS/kernel/cojson';

/** The bare kernel, for actions that the demo has no button for. Tests call it through the page. */
export interface BareApp {
  signUp(urls: readonly string[], appVersion?: string): Promise<void>;
  /** With a relay at each address, where `signUp` takes the addresses of one relay. */
  signUpAtRelays(urls: readonly string[]): Promise<void>;
  /** Signs in there by the tokens of `relayToken`, which the test exposes. */
  signUpWithTokens(url: string): Promise<void>;
  /** With the relay that `resolveSyncUrl()` names. */
  signUpAtDefault(): Promise<void>;
  /** With `sync: false`. */
  signUpWithoutSync(): Promise<void>;
  /** Starts sync for a session opened without it. */
  connect(url: string): void;
  /** Opens the account again, like a later page load. */
  resume(urls: readonly string[], appVersion?: string): Promise<void>;
  /** With a relay at each address. */
  resumeAtRelays(urls: readonly string[]): Promise<void>;
  /** Ends the session and its node. */
  close(): Promise<void>;
  /** Of the current session, even if it replaced another one. */
  sessionID(): string;
  /** Creates a map that everyone may read and write; returns its ID. */
  makeMap(): string;
  openMap(id: string): Promise<void>;
  accountID(): string;
  /** Gives the account a role in the map's group, which `remove` takes away again. */
  admit(accountID: string): Promise<void>;
  remove(accountID: string): Promise<void>;
  set(key: string, value: number): void;
  read(): Readonly<Record<string, number>>;
  /** Whether cojson stopped syncing the map with a relay. */
  isSkipped(id: string): boolean;
  state(): {
    readonly status: string;
    /** Whether `pending` is known to be complete. */
    readonly known: boolean;
    readonly pending: number;
    readonly unsaved: number;
    readonly unsent: number;
    readonly url: string | undefined;
    readonly storage: { readonly state: string; readonly code: string | undefined };
    readonly error: string | undefined;
  };
}

let map: RawCoMap | undefined;

async function loadAccount(id: string): Promise<RawAccount> {
  const account = await opened(activeSession.current).node.load(id as CoID<RawAccount>);
  if (account === 'unavailable') throw new Error('The account is not there.');
  return account;
}

function opened<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Nothing is open yet.');
  return value;
}

declare global {
  var bareApp: BareApp;
  var relayToken: () => Promise<string>;
}
globalThis.bareApp = {
  async signUp(url, appVersion) {
    await signUpWithPasskey({ sync: { url, ...(appVersion !== undefined && { appVersion }) } });
  },
  async signUpAtRelays(urls) {
    await signUpWithPasskey({ sync: { relays: urls.map((url) => ({ url })) } });
  },
  async signUpWithTokens(url) {
    await signUpWithPasskey({ sync: { url, auth: { token: () => globalThis.relayToken() } } });
  },
  async signUpAtDefault() {
    await signUpWithPasskey();
  },
  async signUpWithoutSync() {
    await signUpWithPasskey({ sync: false });
  },
  connect: (url) => void setupSyncPeers({ node: opened(activeSession.current).node, url }),
  async resume(url, appVersion) {
    await resumeSession({ sync: { url, ...(appVersion !== undefined && { appVersion }) } });
  },
  async resumeAtRelays(urls) {
    await resumeSession({ sync: { relays: urls.map((url) => ({ url })) } });
  },
  close: () => opened(activeSession.current).close(),
  sessionID: () => opened(activeSession.current).node.currentSessionID,
  makeMap() {
    const group = opened(activeSession.current).node.createGroup();
    group.addMember('everyone', 'writer');
    map = group.createMap();
    return map.id;
  },
  async openMap(id) {
    const loaded = await opened(activeSession.current).node.load(id as CoID<RawCoMap>);
    if (loaded === 'unavailable') throw new Error('The map is not there.');
    map = loaded;
  },
  accountID: () => opened(activeSession.current).accountID,
  async admit(accountID) {
    const { group } = opened(map);
    group.addMember(await loadAccount(accountID), 'writer');
    group.removeMember('everyone');
  },
  async remove(accountID) {
    opened(map).group.removeMember(await loadAccount(accountID));
  },
  set: (key, value) => opened(map).set(key, value),
  read: () => opened(map).toJSON() as Record<string, number>,
  isSkipped(id) {
    const { node } = opened(activeSession.current);
    const peers = Object.values(node.syncManager.peers);
    return peers.some((peer) => node.getCoValue(id as CoID<RawCoMap>).isErroredInPeer(peer.id));
  },
  state() {
    const { status, confirmed, saved, sent, peers, storage, error } = opened(activeSession.current).sync
      .current;
    return {
      status,
      known: confirmed.known,
      pending: confirmed.pending,
      unsaved: saved.pending,
      unsent: sent.pending,
      url: peers[0]?.url,
      storage: { state: storage.state, code: storage.error?.code },
      error: error?.code,
    };
  },
};
