import { activeSession, resumeSession, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import type { CoID, RawCoMap } from '@MaiaOS/kernel/cojson';

/** An edit, and the session that wrote it. */
export interface Edit {
  readonly key: string;
  readonly sessionID: string;
}

/** One of several tabs that edit the same maps. Tests call it through the page. */
export interface TabApp {
  /** Returns the IDs of maps that everyone may read and write. */
  signUp(url: string, maps: number): Promise<readonly string[]>;
  join(url: string, mapIDs: readonly string[]): Promise<void>;
  resume(url: string, mapIDs: readonly string[]): Promise<void>;
  /** Of the current session; undefined while another one replaces it. */
  sessionID(): string | undefined;
  /** False if the session refuses edits now. */
  edit(map: number, key: string): boolean;
  /** Every edit of every map, including duplicates. */
  history(): readonly Edit[];
  /**
   * How many CoValues are unsaved and unconfirmed, and which ones cojson no longer syncs; undefined while one session
   * replaces another.
   */
  state():
    | { readonly unsaved: number; readonly unconfirmed: number; readonly errored: readonly string[] }
    | undefined;
}

declare global {
  var tabApp: TabApp;
  /** The test's own log, which outlives the tab. */
  var told: (edits: readonly Edit[]) => Promise<void>;
  /** Resolves when the tab may choose its session ID. */
  var atDoor: () => Promise<void>;
}

let mapIDs: readonly string[] = [];
let maps: readonly RawCoMap[] = [];

function opened(): Session {
  if (!activeSession.current) throw new Error('Nothing is open yet.');
  return activeSession.current;
}

async function openMaps(session: Session): Promise<void> {
  const loaded = await Promise.all(mapIDs.map((id) => session.node.load(id as CoID<RawCoMap>)));
  maps = loaded.filter((map) => map !== 'unavailable');
  if (maps.length !== mapIDs.length) throw new Error('A map is not there.');
}

/** Edits that will be reported once their session has nothing unsaved. */
const untoldBySession = new WeakMap<Session, Edit[]>();
function follow(session: Session): void {
  const untold: Edit[] = [];
  untoldBySession.set(session, untold);
  session.sync.subscribe(() => {
    const { saved, storage } = session.sync.current;
    if (untold.length > 0 && saved.pending === 0 && storage.state === 'ok') void told(untold.splice(0));
  });
  // Also for a session that replaces another: until its maps are loaded, the closed session's maps refuse edits.
  if (mapIDs.length > 0) void openMaps(session);
}
activeSession.subscribe((session) => {
  if (session && !untoldBySession.has(session)) follow(session);
});

globalThis.tabApp = {
  async signUp(url, count) {
    const { node } = await signUpWithPasskey({ sync: { url } });
    const group = node.createGroup();
    group.addMember('everyone', 'writer');
    maps = Array.from({ length: count }, () => group.createMap());
    mapIDs = maps.map(({ id }) => id);
    return mapIDs;
  },
  async join(url, ids) {
    mapIDs = ids;
    await openMaps(await signUpWithPasskey({ sync: { url } }));
  },
  async resume(url, ids) {
    const session = await resumeSession({ sync: { url } });
    if (!session) throw new Error('Nobody is remembered here.');
    mapIDs = ids;
    await openMaps(session);
  },
  sessionID: () => activeSession.current?.node.currentSessionID,
  edit(index, key) {
    const map = maps[index];
    if (!map) return false;
    try {
      map.set(key, 1);
    } catch {
      return false;
    }
    const sessionID = map.lastEditAt(key)?.tx.sessionID ?? '';
    untoldBySession.get(opened())?.push({ key, sessionID });
    return true;
  },
  history: () =>
    maps.flatMap((map) =>
      map.keys().flatMap((key) => [...map.editsAt(key)].map(({ tx }) => ({ key, sessionID: tx.sessionID }))),
    ),
  state() {
    if (!activeSession.current) return undefined;
    const { node, sync } = activeSession.current;
    const peers = Object.values(node.syncManager.peers);
    return {
      unsaved: sync.current.saved.pending,
      unconfirmed: sync.current.confirmed.pending,
      errored: [...node.allCoValues()]
        .filter((core) => peers.some(({ id }) => core.isErroredInPeer(id)))
        .map(({ id }) => id),
    };
  },
};
