import type { Clock } from '../../base/clock.ts';
import { authorOf, contentBytes, sessionsOf, type Content } from '../../engine/content.ts';

/** One client's content whose author may yet turn out to have a role. */
export interface HeldContent {
  /** Whether content of this author in this CoValue waits. Later content must wait behind it. */
  has(id: string, author: string): boolean;
  /** Takes content of one CoValue; each author's waits apart. */
  add(content: Content): void;
  /** Judges again what waits for this group, now or, if that is much, later. */
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
  /** So many bytes wait here. */
  holds(bytes: number): void;
  /** Nothing waits any more. */
  emptied(): void;
}

/** The same time that content may wait for its dependencies. */
export const holdMs = 30_000;
/** Authors, counted in each CoValue: one of them can have any number of sessions. */
export const maxHeldAuthors = 1_000;
const bytesPerEntry = 500;
/**
 * Groups that are looked at in a span to judge again what waits. Anyone can let much wait below many groups, and change one of
 * them with each message.
 */
export const maxLooks = 10_000;
export const lookSpanMs = 1_000;

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
  /** One of them has changed, so there may be others. */
  isStale: boolean;
}

export function createHeldContent(options: HeldContentOptions): HeldContent {
  const { clock, maxBytes, ownerOf, groupsFor, decide, holds, emptied } = options;
  const lanes = new Map<string, Lane>();
  const owners = new Map<string, Owner>();
  const ownersByGroup = new Map<string, Set<Owner>>();
  /** In order of arrival, which is also the order of expiry. */
  const entries = new Set<Entry>();
  /** Those to judge again. */
  const due = new Set<Lane>();
  let bytes = 0;
  let isJudging = false;
  let looks = 0;
  let spanEndMs = 0;
  let cancelJudging: (() => void) | undefined;
  let cancelExpiry: (() => void) | undefined;

  const keyOf = (id: string, author: string) => `${id} ${author}`;

  function addBytes(more: number): void {
    bytes += more;
    holds(bytes);
  }

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
    addBytes(size);
  }

  function openLane(key: string, content: Content): Lane {
    const id = ownerOf(content);
    const owner = owners.get(id) ?? { id, lanes: new Set(), groups: new Set(), isStale: true };
    const lane: Lane = { key, owner, entries: [] };
    lanes.set(key, lane);
    owner.lanes.add(lane);
    owners.set(id, owner);
    if (owner.isStale) follow(owner, groupsFor(id));
    return lane;
  }

  function follow(owner: Owner, groups: Iterable<string>): void {
    for (const groupID of owner.groups) {
      const followers = ownersByGroup.get(groupID);
      followers?.delete(owner);
      if (followers?.size === 0) ownersByGroup.delete(groupID);
    }
    owner.groups = new Set(groups);
    owner.isStale = false;
    for (const groupID of owner.groups)
      ownersByGroup.set(groupID, (ownersByGroup.get(groupID) ?? new Set()).add(owner));
  }

  function remove(entry: Entry): void {
    const { lane } = entry;
    lane.entries.shift();
    entries.delete(entry);
    addBytes(-entry.bytes);
    if (lane.entries.length > 0) return;
    closeLane(lane);
    if (entries.size > 0) return;
    cancel();
    emptied();
  }

  function closeLane(lane: Lane): void {
    const { key, owner } = lane;
    lanes.delete(key);
    due.delete(lane);
    owner.lanes.delete(lane);
    if (owner.lanes.size > 0) return;
    owners.delete(owner.id);
    follow(owner, []);
  }

  /** The oldest entry is also the first of its lane. What it changes may release the others. */
  function end(oldest: Entry): void {
    remove(oldest);
    decide(oldest.content, true);
  }

  function judgeDue(): void {
    // Released content can change further groups.
    if (isJudging || cancelJudging) return;
    isJudging = true;
    try {
      for (const lane of due) {
        if (mustWait()) break;
        due.delete(lane);
        judge(lane);
      }
    } finally {
      isJudging = false;
    }
  }

  function mustWait(): boolean {
    const leftMs = spanEndMs - clock.elapsedMs();
    if (leftMs > 0 && looks >= maxLooks) {
      cancelJudging = clock.after(leftMs, () => {
        cancelJudging = undefined;
        judgeDue();
      });
      return true;
    }
    if (leftMs <= 0) {
      looks = 0;
      spanEndMs = clock.elapsedMs() + lookSpanMs;
    }
    return false;
  }

  function judge(lane: Lane): void {
    const { owner } = lane;
    if (owner.isStale) {
      follow(owner, groupsFor(owner.id));
      looks += owner.groups.size;
    }
    looks += owner.groups.size;
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

  function cancel(): void {
    cancelExpiry?.();
    cancelJudging?.();
    cancelExpiry = cancelJudging = undefined;
  }

  return {
    has: (id, author) => lanes.has(keyOf(id, author)),
    add,
    groupChanged(groupID) {
      for (const owner of ownersByGroup.get(groupID) ?? []) {
        owner.isStale = true;
        for (const lane of owner.lanes) due.add(lane);
      }
      judgeDue();
    },
    close() {
      cancel();
      for (const all of [lanes, owners, ownersByGroup, entries, due]) all.clear();
    },
  };
}
