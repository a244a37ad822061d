import type { CoValueCore } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import type { KnownState, RawCoID, SessionID } from '../../engine/content.ts';
import type { PlacedID } from '../storage-inspection.ts';
import { knownStateOf, type Run, type StoredCoValue } from './pieces.ts';
import type { DatabaseState } from './segments.ts';

/** What this tab knows to be stored, because it wrote or read it. Other tabs may have stored more. */
export interface KnownStates {
  get(id: RawCoID): KnownState | undefined;
  /** Whether a list of all that is stored has been begun, so that the database's state matters. */
  readonly isListing: boolean;
  /** Whether nothing of the CoValue is in a database of this state, known without looking it up. */
  lacks(id: RawCoID, state: DatabaseState | undefined): boolean;
  /** So many CoValues were looked up in vain in a database of this state. After many, the list is read. */
  missed(count: number, state: DatabaseState | undefined): void;
  /** This tab has added what is then merged, and nothing else came between these states. */
  wrote(change: { readonly before: DatabaseState; readonly after: DatabaseState }): void;
  /** Merges into the known state. */
  add(state: KnownState): void;
  /** Merges what was read, and compares it with memory. */
  read(stored: StoredCoValue): void;
  /**
   * Whether memory has come to continue a session of which it had less than the disk when that was read. A relay may have
   * delivered what a copy of the browser profile wrote in its place: read the CoValue again before anything is written.
   */
  mustCompare(id: RawCoID): boolean;
  /**
   * Sessions of which memory has other transactions than the disk: a copy of the browser profile wrote them under the same
   * ID, and a relay delivered them before the disk was read. The stored transactions stay, and nothing continues them.
   */
  forksOf(stored: StoredCoValue): ReadonlySet<SessionID>;
  /** Whether that was found of a session. */
  isFork(id: RawCoID, sessionID: SessionID): boolean;
  forget(id: RawCoID): void;
  /** It is unknown what is still stored. */
  clear(): void;
  /** Resolves once everything that the CoValue has, including later additions, is stored. */
  whenCovers(id: RawCoID, coValue: CoValueCore): Promise<void>;
}

/** Some of the stored IDs, read in one transaction. */
export interface ListPage {
  readonly state: DatabaseState | undefined;
  readonly ids: readonly Pick<PlacedID, 'id'>[];
  readonly isLast: boolean;
}

/** A device that has just begun to store needs only one page. */
export const idsPerPage = 200;

/** So that the list costs no more than the look-ups that it replaces. */
const missesPerPage = idsPerPage / 5;

export function createKnownStates(
  inMemory: (id: RawCoID) => CoValueCore | undefined = () => undefined,
  readPages?: () => AsyncGenerator<ListPage, void>,
): KnownStates {
  const states = new Map<RawCoID, KnownState>();
  let list = createList();
  const waiting = new Map<RawCoID, Set<() => void>>();
  const forks = new Map<RawCoID, ReadonlySet<SessionID>>();
  /** Sessions of which memory had less than the disk. */
  const uncompared = new Map<RawCoID, ReadonlySet<SessionID>>();

  function createList() {
    return {
      pages: readPages?.(),
      ids: new Set<RawCoID>(),
      /** Of the database that these IDs are of. */
      state: undefined as DatabaseState | undefined,
      misses: 0,
      isReading: false,
      isWhole: false,
    };
  }

  /** Begins again if another tab has added content meanwhile. */
  async function readPage(): Promise<void> {
    if (list.isWhole) list = createList();
    const own = list;
    own.isReading = true;
    const { value: page } = (await own.pages?.next()) ?? {};
    own.isReading = false;
    if (page?.state && isEqual((own.state ??= page.state), page.state)) {
      for (const { id } of page.ids) own.ids.add(id);
      own.isWhole = page.isLast;
    } else if (list === own) list = createList();
  }

  function add(state: KnownState): void {
    const { id } = state;
    list.ids.add(id);
    const sessions = { ...states.get(id)?.sessions };
    for (const [sessionID, count] of Object.entries(state.sessions) as [SessionID, number][]) {
      sessions[sessionID] = Math.max(sessions[sessionID] ?? 0, count);
    }
    states.set(id, { id, header: true, sessions });
    for (const check of [...(waiting.get(id) ?? [])]) check();
  }

  function isCovered(id: RawCoID, coValue: CoValueCore): boolean {
    const have = states.get(id);
    const need = coValue.knownState();
    if (need.header && !have?.header) return false;
    const sessions = Object.entries(need.sessions) as [SessionID, number][];
    return sessions.every(
      ([sessionID, count]) => isFork(id, sessionID) || (have?.sessions[sessionID] ?? 0) >= count,
    );
  }

  function forksOf(stored: StoredCoValue): ReadonlySet<SessionID> {
    const found = differingSessions(stored.runs, inMemory(stored.id));
    if (found.size > 0) forks.set(stored.id, found);
    return found;
  }

  function countInMemory(id: RawCoID, sessionID: SessionID): number {
    return inMemory(id)?.verified?.getTransactionsCount(sessionID) ?? 0;
  }

  const isFork = (id: RawCoID, sessionID: SessionID) => forks.get(id)?.has(sessionID) ?? false;

  return {
    get: (id) => states.get(id),
    get isListing() {
      return list.state !== undefined;
    },
    lacks: (id, state) => list.isWhole && isEqual(list.state, state) && !list.ids.has(id),
    missed(count, state) {
      // Look-ups that began before the list was whole say nothing against it.
      if (list.isWhole && (!state || isEqual(list.state, state))) return;
      list.misses += count;
      if (list.misses < missesPerPage || list.isReading) return;
      list.misses = 0;
      // A list that cannot be read never becomes whole.
      readPage().catch(() => {});
    },
    wrote({ before, after }) {
      if (isEqual(list.state, before)) list.state = after;
    },
    add,
    read(stored) {
      forksOf(stored);
      const { id } = stored;
      const state = knownStateOf(stored);
      const counts = Object.entries(state.sessions) as [SessionID, number][];
      const ahead = counts.flatMap(([sessionID, count]) =>
        countInMemory(id, sessionID) < count ? sessionID : [],
      );
      if (ahead.length > 0) uncompared.set(id, new Set(ahead));
      else uncompared.delete(id);
      add(state);
    },
    mustCompare(id) {
      const stored = states.get(id)?.sessions ?? {};
      return [...(uncompared.get(id) ?? [])].some(
        (sessionID) => countInMemory(id, sessionID) > (stored[sessionID] ?? 0),
      );
    },
    forksOf,
    isFork,
    forget(id) {
      states.delete(id);
      forks.delete(id);
      uncompared.delete(id);
    },
    clear() {
      list = createList();
      states.clear();
      forks.clear();
      uncompared.clear();
    },
    async whenCovers(id, coValue) {
      if (isCovered(id, coValue)) return;
      await new Promise<void>((resolve) => {
        const checks = waiting.get(id) ?? new Set();
        waiting.set(id, checks);
        const check = () => {
          if (!isCovered(id, coValue)) return;
          checks.delete(check);
          if (checks.size === 0) waiting.delete(id);
          resolve();
        };
        checks.add(check);
      });
    },
  };
}

type StoredRun = Pick<Run, 'transactions' | 'signature'>;

/** Sessions of which memory has other transactions than the disk. `stored`: each session's runs, from its beginning on. */
export function differingSessions(
  stored: ReadonlyMap<SessionID, readonly StoredRun[]>,
  core: CoValueCore | undefined,
): ReadonlySet<SessionID> {
  const differs = ([sessionID, runs]: readonly [SessionID, readonly StoredRun[]]) => {
    const session = core?.verified?.getSession(sessionID);
    // Equal signatures cover equal transactions.
    if (!session || session.lastSignature === runs.at(-1)?.signature) return false;
    const others = session.transactions;
    return runs
      .flatMap(({ transactions }) => transactions)
      .some((transaction, at) => at < others.length && !isEqual(transaction, others[at]));
  };
  return new Set([...stored].filter(differs).map(([sessionID]) => sessionID));
}
