import { activeSession, resumeSession, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import type { CoID, RawCoMap } from '@MaiaOS/kernel/cojson';

/** An edit, and the session that it stands under. */
export interface Edit {
  readonly key: string;
  readonly sessionID: string;
}

/** One of several tabs that work on the same maps. A test calls it through the page. */
export interface TabApp {
  /** Answers the ids of maps that everybody may read and write. */
  signUp(url: string, maps: number): Promise<readonly string[]>;
  join(url: string, mapIDs: readonly string[]): Promise<void>;
  resume(url: string, mapIDs: readonly string[]): Promise<void>;
  /** Of the session that is open now; none while one takes another's place. */
  sessionID(): string | undefined;
  /** False where the session takes no edit now. */
  edit(map: number, key: string): boolean;
  /** Every edit of every map, as often as it stands there. */
  history(): readonly Edit[];
  /** What waits for a rung, and what cojson has given up with its relay; undefined while one session takes another's place. */
  state():
    | { readonly unsaved: number; readonly unconfirmed: number; readonly errored: readonly string[] }
    | undefined;
}

declare global {
  var tabApp: TabApp;
  /** The test's own log, which outlives the tab. */
  var told: (edits: readonly Edit[]) => Promise<void>;
  /** Resolves when the tab may choose its session id. */
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

/** Tells of each edit once this session says that nothing is unsaved. */
const untoldBySession = new WeakMap<Session, Edit[]>();
function follow(session: Session): void {
  const untold: Edit[] = [];
  untoldBySession.set(session, untold);
  session.sync.subscribe(() => {
    const { saved, storage } = session.sync.current;
    if (untold.length > 0 && saved.pending === 0 && storage.state === 'ok') void told(untold.splice(0));
  });
  // Also one that took another's place. Until its maps are there, the closed session's take no edit.
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
