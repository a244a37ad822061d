import {
  activeSession,
  resumeSession,
  signInWithRecoveryPhrase,
  signUpWithRecoveryPhrase,
  type Session,
} from '@MaiaOS/kernel';
import type { CoID, RawCoMap } from '@MaiaOS/kernel/cojson';
import type { Edit, Promised, Read } from '../../test/history/history.ts';

/** A page does not know its name or its device's. */
export type PageRead = Omit<Read, 'tab' | 'device'>;
export type PageEvent = Omit<Edit, 'tab' | 'device'> | PageRead | Promised;

/** A page that edits shared maps, and records the history. Tests call it through the page. */
export interface HistoryApp {
  /** Creates an account, or signs in to that of the phrase. Returns the phrase. */
  begin(url: string, phrase?: string): Promise<string>;
  resume(url: string): Promise<void>;
  /** Creates maps that everyone may read and write; returns their IDs. */
  create(count: number): readonly string[];
  /** Loads the maps and records what they show, now and on every change. */
  open(mapIDs: readonly string[]): Promise<void>;
  /** Returns false if the session refuses edits now. */
  edit(map: number, key: string, value: string): boolean;
  /** All that is shown, also if it has been recorded. */
  show(): readonly PageRead[];
  state(): { readonly status: string; readonly unsaved: number; readonly unconfirmed: number };
}

declare global {
  var historyApp: HistoryApp;
  /** The test's own record, which outlives the page. */
  var recordEvent: (event: PageEvent) => Promise<void>;
}

let maps: readonly RawCoMap[] = [];
const lastReads = new Map<string, string>();

function opened(): Session {
  if (!activeSession.current) throw new Error('Nothing is open yet.');
  return activeSession.current;
}

function show(map: RawCoMap): PageRead {
  const keys = Object.keys(map.ops);
  return {
    type: 'read',
    coValue: map.id,
    edits: keys.flatMap((key) => [...map.editsAt(key)].map(({ value }) => value as string)),
    shown: map.toJSON() as Record<string, string>,
  };
}

/** Records what the map shows, unless that is unchanged. */
function read(map: RawCoMap): void {
  const event = show(map);
  const text = JSON.stringify(event);
  if (lastReads.get(map.id) === text) return;
  lastReads.set(map.id, text);
  void recordEvent(event);
}

globalThis.historyApp = {
  async begin(url, phrase) {
    const sync = { url };
    if (phrase === undefined) return (await signUpWithRecoveryPhrase({ sync })).phrase;
    await signInWithRecoveryPhrase(phrase, { sync });
    return phrase;
  },
  async resume(url) {
    if (!(await resumeSession({ sync: { url } }))) throw new Error('This device remembers no account.');
  },
  create(count) {
    const group = opened().node.createGroup();
    group.addMember('everyone', 'writer');
    return Array.from({ length: count }, () => group.createMap().id);
  },
  async open(ids) {
    const { node } = opened();
    const loaded = await Promise.all(ids.map((id) => node.load(id as CoID<RawCoMap>)));
    maps = loaded.filter((map) => map !== 'unavailable');
    if (maps.length !== ids.length) throw new Error('A map is not there.');
    for (const map of maps) map.subscribe(read);
  },
  edit(index, key, value) {
    const map = maps[index];
    if (!map) return false;
    read(map);
    const { node, sync } = opened();
    const session = node.currentSessionID;
    try {
      map.set(key, value);
    } catch {
      return false;
    }
    void recordEvent({ type: 'edit', name: value, session, coValue: map.id, key });
    read(map);
    const record = (type: Promised['type']) => () => void recordEvent({ type, edit: value });
    const ignoreClosing = () => {};
    sync.whenSaved(map).then(record('saved'), ignoreClosing);
    sync.whenConfirmed(map).then(record('confirmed'), ignoreClosing);
    return true;
  },
  show: () => maps.map(show),
  state() {
    const { status, saved, confirmed } = opened().sync.current;
    return { status, unsaved: saved.pending, unconfirmed: confirmed.pending };
  },
};
