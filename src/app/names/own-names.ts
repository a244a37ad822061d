import { cojsonInternals, type LocalNode, type RawCoMap } from 'cojson';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { requestKernelsOwn } from '../../engine/load-request.ts';
import type { Look } from './name-in-group.ts';
import { ownedMapHeader } from './name-headers.ts';
import { parseName } from './person-name.ts';

/** The name of an account, and the groups that know it: a private map of the account, for all its devices. */
export interface OwnNames {
  /** Empty if it was removed; undefined if the account has none, or if it has yet to arrive. */
  name(): string | undefined;
  rename(name: string): Promise<void>;
  /** Adds a group whose members learn the name. */
  add(groupID: string): Promise<void>;
  /** The groups in which another name than this one was written last. */
  outdated(name: string): readonly string[];
  /** Records in which groups the name is written. */
  record(groupIDs: readonly string[], name: string): void;
  /** Forgets a group that the account has left. */
  forget(groupID: string): void;
  close(): void;
}

const uniqueness = 'maia/people/v1';
const nameKey = 'name';
/** Of a group, with the name that was written there last; null if that is not known. */
const groupPrefix = 'in/';

export function openOwnNames(options: {
  readonly node: LocalNode;
  readonly accountID: string;
  readonly look: Look;
  /** Something of it has changed, here or on another device. */
  readonly changed: () => void;
}): OwnNames {
  const { node, accountID, look, changed } = options;
  const header = ownedMapHeader(accountID as RawCoMap['id'], uniqueness);
  const id = cojsonInternals.idforHeader(header, node.crypto);
  const stopFollowing = getOrCreateCoValue(node, id).subscribe(changed, false);
  requestKernelsOwn(node, id);

  function known(): RawCoMap | undefined {
    return getAvailableCoValue(node, id)?.getCurrentContent() as RawCoMap | undefined;
  }

  function set(entries: Readonly<Record<string, string | null>>, madeAtMs?: number): void {
    const map = known();
    const changes = Object.entries(entries).filter(([key, value]) => map?.get(key) !== value);
    if (changes.length === 0) return;
    const ops = changes.map(([key, value]) => ({ op: 'set', key, value }));
    (map?.core ?? node.createCoValue(header)).makeTransaction(ops, 'private', undefined, madeAtMs);
  }

  /** An earlier run of this session may have written into it, so nothing is written before it was looked for. */
  async function lookFor(): Promise<void> {
    if (!known()) await look(id);
  }

  return {
    name() {
      const name = known()?.get(nameKey);
      return name === undefined ? undefined : (parseName(name) ?? '');
    },
    async rename(name) {
      await lookFor();
      // A device whose clock was wrong may have dated the name before so far ahead that an edit does not follow it otherwise.
      const lastMs = known()?.lastEditAt(nameKey)?.at.getTime() ?? 0;
      // Also an empty one: what is removed may only have yet to arrive.
      set({ [nameKey]: name }, Math.max(node.stampNow(), lastMs + 1));
    },
    async add(groupID) {
      await lookFor();
      const key = groupPrefix + groupID;
      if (known()?.get(key) === undefined) set({ [key]: null });
    },
    outdated(name) {
      const map = known();
      const groups = map?.keys().filter((key) => key.startsWith(groupPrefix) && map.get(key) !== name);
      return (groups ?? []).map((key) => key.slice(groupPrefix.length));
    },
    record: (groupIDs, name) =>
      set(Object.fromEntries(groupIDs.map((groupID) => [groupPrefix + groupID, name]))),
    forget: (groupID) => known()?.delete(groupPrefix + groupID),
    close: stopFollowing,
  };
}
