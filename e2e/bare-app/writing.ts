import { resumeSession, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import type { CoID, RawCoMap, RawCoValue, RawGroup } from '@MaiaOS/kernel/cojson';

/** An edit, identified by map and key, and its place in its session. */
export interface Written {
  readonly id: string;
  readonly key: string;
  readonly sessionID: string;
  /** The session's transactions up to this edit. */
  readonly count: number;
}

/** What the page reports an edit to have reached. */
export type ReportedRung = 'saved' | 'confirmed';

/** What this device stores of a CoValue, and whether the page knows that edits of it are pending. */
export interface Claim {
  readonly id: string;
  readonly known: boolean;
  readonly confirmed: string;
  readonly sessions: Readonly<Record<string, number>>;
}

/** A tab that writes to this device until it is killed, and reports what is saved. Tests call it through the page. */
export interface WritingApp {
  /** Returns the ID of a group. */
  signUp(url: string, storage?: 'cojson-indexeddb'): Promise<string>;
  resume(url: string, storage?: 'cojson-indexeddb'): Promise<void>;
  reconnect(): void;
  /** The keys of each map; undefined for a missing one. */
  read(ids: readonly string[]): Promise<readonly (readonly string[] | undefined)[]>;
  claims(ids: readonly string[]): Promise<readonly Claim[]>;
  /** Undefined until it is known. */
  pending(): number | undefined;
  /**
   * Starts writing and never ends, but stays near what has reached the rung. Every run has its own keys. With a count,
   * the page halts inside the notification that reports this many edits as saved, so that no later work is done.
   */
  write(groupID: string, run: number, rung: ReportedRung, standsStillAt?: number): Promise<void>;
  /** Writes this many edits in maps of four, each once the one before is saved. */
  writeSingly(groupID: string, run: number, count: number): Promise<void>;
}

declare global {
  var writingApp: WritingApp;
  /** The test's own log, which outlives the tab. */
  var toldWritten: (rung: ReportedRung, written: readonly Written[]) => Promise<void>;
}

let session: Session | undefined;
function opened(): Session {
  if (!session) throw new Error('Nothing is open yet.');
  return session;
}

/** The value of each large edit; most are small. */
const large = 'x'.repeat(20_000);
/** Otherwise most of the time passes with what waits. */
const maxAhead = 300;
const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Synchronous, so that the test receives it even if this page does nothing more. */
function tellNow(saved: readonly Written[]): void {
  const request = new XMLHttpRequest();
  request.open('POST', '/told', false);
  request.send(JSON.stringify(saved));
}

function set(map: RawCoMap, key: string, value: string | number): Written {
  map.set(key, value);
  const edit = map.lastEditAt(key);
  if (!edit) throw new Error('The edit is not there.');
  const { sessionID, txIndex } = edit.tx;
  return { id: map.id, key, sessionID, count: txIndex + 1 };
}

async function tellConfirmed(map: RawCoMap, batch: readonly Written[]): Promise<void> {
  await opened().sync.whenConfirmed(map);
  void toldWritten('confirmed', batch);
}

async function goOn(
  group: RawGroup,
  run: number,
  rung: ReportedRung,
  standsStillAt: number | undefined,
): Promise<never> {
  const { sync } = opened();
  let savedCount = 0;
  let ahead = 0;
  const tell = (saved: readonly Written[]): void => {
    if (standsStillAt === undefined) return void toldWritten('saved', saved);
    tellNow(saved);
    savedCount += saved.length;
    while (savedCount >= standsStillAt);
  };
  let map = group.createMap();
  for (let count = 0; ; count++) {
    if (count % 40 === 39) map = group.createMap();
    const value = count % 11 === 0 ? large : 1;
    const batch = Array.from({ length: 1 + (count % 7) }, (_, n) => set(map, `${run}/${count}/${n}`, value));
    ahead += batch.length;
    const saved = sync.whenSaved(map).then(() => tell(batch));
    const confirmed = tellConfirmed(map, batch);
    void (rung === 'saved' ? saved : confirmed).then(() => (ahead -= batch.length));
    do await nextTask();
    while (ahead > maxAhead);
  }
}

async function load<T extends RawCoValue>(id: string): Promise<T> {
  const loaded = await opened().node.load(id as CoID<T>);
  if (loaded === 'unavailable') throw new Error(`${id} is not there.`);
  return loaded;
}

const optionsFor = (url: string, storage: 'cojson-indexeddb' | undefined) => ({
  sync: { url },
  ...(storage && { storage }),
});

globalThis.writingApp = {
  async signUp(url, storage) {
    session = await signUpWithPasskey(optionsFor(url, storage));
    const group = session.node.createGroup();
    await session.sync.whenSaved();
    return group.id;
  },
  async resume(url, storage) {
    session = await resumeSession(optionsFor(url, storage));
    opened();
  },
  reconnect: () => opened().sync.reconnect(),
  async read(ids) {
    const { node } = opened();
    const maps = await Promise.all(ids.map((id) => node.load(id as CoID<RawCoMap>)));
    // A large map arrives in pieces and is available from the first.
    while (maps.some((map) => map !== 'unavailable' && map.core.isStreaming())) await nextTask();
    return maps.map((map) => (map === 'unavailable' ? undefined : map.keys()));
  },
  async claims(ids) {
    const { sync } = opened();
    return Promise.all(
      ids.map(async (id) => {
        const { core } = await load(id);
        while (core.isStreaming()) await nextTask();
        const { known, confirmed } = sync.stateOf(id).current;
        return { id, known, confirmed, sessions: core.knownState().sessions };
      }),
    );
  },
  pending() {
    const { known, pending } = opened().sync.current.confirmed;
    return known ? pending : undefined;
  },
  async write(groupID, run, rung, standsStillAt) {
    void goOn(await load<RawGroup>(groupID), run, rung, standsStillAt);
  },
  async writeSingly(groupID, run, count) {
    const { sync } = opened();
    const group = await load<RawGroup>(groupID);
    let map = group.createMap();
    for (let n = 0; n < count; n++) {
      if (n % 4 === 3) map = group.createMap();
      const batch = [set(map, `${run}/${n}`, n)];
      await sync.whenSaved(map);
      await toldWritten('saved', batch);
      void tellConfirmed(map, batch);
    }
  },
};
