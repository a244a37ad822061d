import { resumeSession, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import type { CoID, RawGroup, RawCoMap } from '@MaiaOS/kernel/cojson';

/** An edit, identified by map and key. */
export interface Written {
  readonly id: string;
  readonly key: string;
}

/** A tab that writes to this device until it is killed, and reports what is saved. Tests call it through the page. */
export interface WritingApp {
  /** Returns the ID of a group. */
  signUp(): Promise<string>;
  resume(): Promise<void>;
  /** The keys of each map; undefined for a missing one. */
  read(ids: readonly string[]): Promise<readonly (readonly string[] | undefined)[]>;
  /**
   * Starts writing and never ends. Every run has its own keys. With a count, the page halts inside the
   * notification that reports this many edits as saved, so that no later work is done.
   */
  write(groupID: string, run: number, standsStillAt?: number): Promise<void>;
}

declare global {
  var writingApp: WritingApp;
  /** The test's own log, which outlives the tab. */
  var toldWritten: (saved: readonly Written[]) => Promise<void>;
}

let session: Session | undefined;
function opened(): Session {
  if (!session) throw new Error('Nothing is open yet.');
  return session;
}

/** The value of each large edit; most are small. */
const large = 'x'.repeat(20_000);
const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Synchronous, so that the test receives it even if this page does nothing more. */
function tellNow(saved: readonly Written[]): void {
  const request = new XMLHttpRequest();
  request.open('POST', '/told', false);
  request.send(JSON.stringify(saved));
}

async function goOn(group: RawGroup, run: number, standsStillAt: number | undefined): Promise<never> {
  const { sync } = opened();
  let savedCount = 0;
  const tell = (saved: readonly Written[]): void => {
    if (standsStillAt === undefined) return void toldWritten(saved);
    tellNow(saved);
    savedCount += saved.length;
    while (savedCount >= standsStillAt);
  };
  let map = group.createMap();
  for (let count = 0; ; count++) {
    if (count % 40 === 39) map = group.createMap();
    const batch = Array.from({ length: 1 + (count % 7) }, (_, n) => ({
      id: map.id,
      key: `${run}/${count}/${n}`,
    }));
    for (const { key } of batch) map.set(key, count % 11 === 0 ? large : 1);
    void sync.whenSaved(map).then(() => tell(batch));
    await nextTask();
  }
}

globalThis.writingApp = {
  async signUp() {
    session = await signUpWithPasskey({ sync: false });
    const group = session.node.createGroup();
    await session.sync.whenSaved();
    return group.id;
  },
  async resume() {
    session = await resumeSession({ sync: false });
    opened();
  },
  async read(ids) {
    const { node } = opened();
    const maps = await Promise.all(ids.map((id) => node.load(id as CoID<RawCoMap>)));
    // A large map arrives in pieces and is available from the first.
    while (maps.some((map) => map !== 'unavailable' && map.core.isStreaming())) await nextTask();
    return maps.map((map) => (map === 'unavailable' ? undefined : map.keys()));
  },
  async write(groupID, run, standsStillAt) {
    const group = await opened().node.load(groupID as CoID<RawGroup>);
    if (group === 'unavailable') throw new Error('The group is not there.');
    void goOn(group, run, standsStillAt);
  },
};
