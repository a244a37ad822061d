import type { Clock } from '../../base/clock.ts';
import { authorOf, contentBytes, sessionsOf, type Content } from '../../engine/content.ts';

/** One client's content whose author may yet turn out to have a role. */
export interface HeldContent {
  /** Whether content of this author in this CoValue waits. Later content must wait behind it. */
  has(id: string, author: string): boolean;
  /** Takes content of one CoValue; each author's waits apart. */
  add(content: Content): void;
  /** Judges again what waits for this group. */
  groupChanged(groupID: string): void;
  /** Discards what waits. Call it when the client disconnects. */
  close(): void;
}

export interface HeldContentOptions {
  readonly clock: Clock;
  readonly maxBytes: number;
  /** The group or account that decides about the content. */
  ownerOf(content: Content): string;
  /** The owner and the groups above, whose changes may decide, too. */
  groupsFor(owner: string): Iterable<string>;
  /** Passes on or refuses the content, and returns what is still undecided: nothing if it must be decided (`isLast`). */
  decide(content: Content, isLast: boolean): Content | undefined;
  /** Nothing waits any more. */
  emptied(): void;
}

/** The same time that content may wait for its dependencies. */
export const holdMs = 30_000;
/** Authors, counted in each CoValue: one of them can have any number of sessions. */
export const maxHeldAuthors = 1_000;
const bytesPerEntry = 500;

interface Entry {
  readonly lane: Lane;
  content: Content;
  readonly bytes: number;
  readonly untilMs: number;
}

/** The content of an author in a CoValue, in order. */
interface Lane {
  readonly key: string;
  readonly owner: Owner;
  readonly entries: Entry[];
}

/** Its lanes share the groups, because anyone can have many lanes and many groups. */
interface Owner {
  readonly id: string;
  readonly lanes: Set<Lane>;
  groups: ReadonlySet<string>;
}

export function createHeldContent(options: HeldContentOptions): HeldContent {
  const { clock, maxBytes, ownerOf, groupsFor, decide, emptied } = options;
  const lanes = new Map<string, Lane>();
  const owners = new Map<string, Owner>();
  const ownersByGroup = new Map<string, Set<Owner>>();
  /** In order of arrival, which is also the order of expiry. */
  const entries = new Set<Entry>();
  const changed = new Set<string>();
  let bytes = 0;
  let isJudging = false;
  let cancelExpiry: (() => void) | undefined;

  const keyOf = (id: string, author: string) => `${id} ${author}`;

  function add(content: Content): void {
    const byAuthor = new Map<string, Content>();
    for (const [sessionID, session] of sessionsOf(content)) {
      const author = authorOf(sessionID);
      const part = byAuthor.get(author) ?? { ...content, new: {} };
      part.new[sessionID] = session;
      byAuthor.set(author, part);
    }
    for (const [author, part] of byAuthor) addEntry(keyOf(content.id, author), part);
    cancelExpiry ??= clock.after(holdMs, expire);
    for (const oldest of entries) {
      if (lanes.size <= maxHeldAuthors && bytes <= maxBytes) break;
      end(oldest);
    }
  }

  function addEntry(key: string, content: Content): void {
    const lane = lanes.get(key) ?? openLane(key, content);
    const size = bytesPerEntry + contentBytes(content);
    const entry: Entry = { lane, content, bytes: size, untilMs: clock.elapsedMs() + holdMs };
    lane.entries.push(entry);
    entries.add(entry);
    bytes += size;
  }

  function openLane(key: string, content: Content): Lane {
    const id = ownerOf(content);
    const owner = owners.get(id) ?? { id, lanes: new Set(), groups: new Set() };
    const lane: Lane = { key, owner, entries: [] };
    lanes.set(key, lane);
    owner.lanes.add(lane);
    if (!owners.has(id)) follow(owner, groupsFor(id));
    owners.set(id, owner);
    return lane;
  }

  function follow(owner: Owner, groups: Iterable<string>): void {
    for (const groupID of owner.groups) {
      const followers = ownersByGroup.get(groupID);
      followers?.delete(owner);
      if (followers?.size === 0) ownersByGroup.delete(groupID);
    }
    owner.groups = new Set(groups);
    for (const groupID of owner.groups)
      ownersByGroup.set(groupID, (ownersByGroup.get(groupID) ?? new Set()).add(owner));
  }

  function remove(entry: Entry): void {
    const { lane } = entry;
    lane.entries.shift();
    entries.delete(entry);
    bytes -= entry.bytes;
    if (lane.entries.length > 0) return;
    closeLane(lane);
    if (entries.size > 0) return;
    cancelExpiry?.();
    cancelExpiry = undefined;
    emptied();
  }

  function closeLane(lane: Lane): void {
    const { key, owner } = lane;
    lanes.delete(key);
    owner.lanes.delete(lane);
    if (owner.lanes.size > 0) return;
    owners.delete(owner.id);
    follow(owner, []);
  }

  /** The oldest entry is also the first of its lane. */
  function end(oldest: Entry): void {
    decide(oldest.content, true);
    remove(oldest);
  }

  function judge(lane: Lane): void {
    for (let first = lane.entries[0]; first; first = lane.entries[0]) {
      const rest = decide(first.content, false);
      if (rest) {
        first.content = rest;
        return;
      }
      remove(first);
    }
  }

  function expire(): void {
    cancelExpiry = undefined;
    const nowMs = clock.elapsedMs();
    for (const entry of entries) {
      if (entry.untilMs > nowMs) {
        cancelExpiry = clock.after(entry.untilMs - nowMs, expire);
        return;
      }
      end(entry);
    }
  }

  return {
    has: (id, author) => lanes.has(keyOf(id, author)),
    add,
    groupChanged(groupID) {
      if (!ownersByGroup.has(groupID)) return;
      changed.add(groupID);
      // Released content can change further groups.
      if (isJudging) return;
      isJudging = true;
      try {
        for (const next of changed) {
          changed.delete(next);
          for (const owner of [...(ownersByGroup.get(next) ?? [])]) {
            // The groups above may have changed, too.
            follow(owner, groupsFor(owner.id));
            for (const lane of [...owner.lanes]) judge(lane);
          }
        }
      } finally {
        isJudging = false;
      }
    },
    close() {
      cancelExpiry?.();
      cancelExpiry = undefined;
      for (const all of [lanes, owners, ownersByGroup, entries, changed]) all.clear();
    },
  };
}
