import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Lane } from '../../base/pacer.ts';
import { authorOf, contentBytes, sessionsOf, type Content } from '../../engine/content.ts';
import { awaitNoMore, namedIn } from '../../engine/release-pacing.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { askRelayFor } from '../../engine/load-request.ts';
import { notifySoon } from '../../engine/private-methods.ts';
import type { SyncEvents } from '../sync-events.ts';

/**
 * Keeps a relay's content back while the account of an author is not here, without which no signature can be verified, or a
 * member or parent that a group's content names. cojson waits with everything of the CoValue, whoever sends it, so a relay could
 * name one after the other that does not exist. Here, only what that relay sends waits. After eight seconds, the absent author's
 * sessions are dropped, and the relay is asked for them again if the account arrives; a group loads without its absent members
 * and parents.
 */
export interface AbsentAuthors {
  /** Hands the content on, now or later. Content that waits for an author stays in order, together with all that follows it. */
  take(content: Content, from: PeerState): void;
  /** Whether content of the CoValue is kept back, so that loads wait: for eight seconds a minute at most. */
  has(id: RawCoID): boolean;
  /** Forgets what is kept back: the relay sends everything again on its next connection. */
  lost(): void;
}

/** Shorter than a load takes by default. */
const patienceMs = 8_000;
const restMs = 60_000;
const mostBytes = 16_000_000;
/** What a message needs in memory besides its transactions. */
const overheadBytes = 500;
/** And each CoValue that it waits for, which the device asks all relays for. */
const awaitedBytes = 1_500;
/** CoValues, accounts and sessions. */
const mostRemembered = 10_000;

export interface Hold {
  readonly contents: Content[];
  readonly sessionIDs: Set<string>;
  readonly authors: Set<string>;
  /** Authors, members and parents. */
  readonly awaited: Set<string>;
  /** Whether loads wait for it. */
  readonly holdsUp: boolean;
  bytes: number;
  /** Stops the clock. */
  cancel(): void;
  handOn(): void;
}

/** Of one relay. */
export function createAbsentAuthors(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>;
  /** Calls `handOn` when there is time. */
  readonly lane: Pick<Lane<Hold>, 'push'>;
  readonly handle: (content: Content, from: PeerState) => void;
  /** Called each time content of a session is dropped. */
  readonly onLeftOut: (session: Pick<SyncEvents['dropped'], 'peerID' | 'id' | 'sessionID'>) => void;
  /** Called once for each session. */
  readonly onDropped: (dropped: SyncEvents['dropped']) => void;
}): AbsentAuthors {
  const { node, relayID, clock, lane, handle, onLeftOut, onDropped } = options;
  const holds = new Map<RawCoID, Hold>();
  let heldBytes = 0;
  /** These do not wait again for an author: the relay could name one after the other. */
  const authorsInVain = new Set<RawCoID>();
  /** Nor these for a member or parent. */
  const namesInVain = new Set<RawCoID>();
  /** When loads were held up, oldest first. The relay could send one author after another, each in time. */
  const heldUpAt = new Map<RawCoID, number>();
  /** By the account that has to arrive first. */
  const toAskFor = new Map<string, Set<RawCoID>>();
  const told = new Set<string>();

  function take(content: Content, from: PeerState): void {
    const { id } = content;
    const hold = holds.get(id);
    const authors = absentAuthorsOf(content);
    const named = absentNamesIn(content);
    const awaited = authors.length + awaitedOf(id, named).length;
    if (awaited === 0 && !(hold && buildsOn(content, hold))) return handOver(content, from, named);
    const bytes = contentBytes(content) + overheadBytes + awaited * awaitedBytes;
    const mayWait = authors.length === 0 || (!authorsInVain.has(id) && authorsInVain.size < mostRemembered);
    if (!mayWait || heldBytes + bytes > mostBytes) {
      hold?.handOn();
      return handleRest(content, from);
    }
    from.trackLoadRequestUpdate(getOrCreateCoValue(node, id));
    keep(content, bytes, hold ?? begin(id, from));
  }

  function absentAuthorsOf({ id, new: sessions }: Content): readonly string[] {
    const authors = new Set(Object.keys(sessions).map(authorOf));
    return [...authors].filter((author) => author.startsWith('co_z') && author !== id && !isHere(author));
  }

  function absentNamesIn(content: Content): readonly RawCoID[] {
    return namedIn(node, content).filter((name) => !isHere(name));
  }

  /** Members and parents may name the group in turn, so they are not awaited once something of them has arrived. */
  function awaitedOf(id: RawCoID, named: readonly RawCoID[]): readonly RawCoID[] {
    if (namesInVain.has(id) || namesInVain.size >= mostRemembered) return [];
    return named.filter((name) => !holds.has(name));
  }

  function isHere(id: string): boolean {
    return getKnownCoValue(node, id)?.isAvailable() === true;
  }

  /**
   * Content that follows an edit may answer it, so it waits behind an absent author. Members can name absent members, but
   * this holds up only their own sessions.
   */
  function buildsOn({ id, new: sessions }: Content, { authors, sessionIDs }: Hold): boolean {
    if (authors.size > 0 || !isHere(id)) return true;
    return Object.keys(sessions).some((sessionID) => sessionIDs.has(sessionID));
  }

  function begin(id: RawCoID, from: PeerState): Hold {
    const cancel = clock.after(patienceMs, handOn);
    const hold: Hold = {
      contents: [],
      sessionIDs: new Set(),
      authors: new Set(),
      awaited: new Set(),
      holdsUp: mayHoldUp(id),
      bytes: 0,
      cancel,
      handOn,
    };
    holds.set(id, hold);
    notifySoon(getOrCreateCoValue(node, id));
    return hold;

    function handOn(): void {
      cancel();
      if (holds.get(id) !== hold) return;
      holds.delete(id);
      heldBytes -= hold.bytes;
      for (const content of hold.contents) handleRest(content, from);
      const core = getKnownCoValue(node, id);
      if (core) notifySoon(core);
    }
  }

  function mayHoldUp(id: RawCoID): boolean {
    const nowMs = clock.elapsedMs();
    for (const [one, atMs] of heldUpAt) {
      if (nowMs - atMs < restMs) break;
      heldUpAt.delete(one);
    }
    if (heldUpAt.has(id) || heldUpAt.size >= mostRemembered) return false;
    heldUpAt.set(id, nowMs);
    return true;
  }

  function keep(content: Content, bytes: number, hold: Hold): void {
    hold.contents.push(content);
    hold.bytes += bytes;
    heldBytes += bytes;
    for (const sessionID of Object.keys(content.new)) hold.sessionIDs.add(sessionID);
    const authors = absentAuthorsOf(content);
    for (const author of authors) hold.authors.add(author);
    const named = awaitedOf(content.id, absentNamesIn(content));
    const more = [...authors, ...named].filter((id) => !hold.awaited.has(id));
    for (const id of more) {
      hold.awaited.add(id);
      request(id);
      // cojson asks for it only after this, also if it was not found before.
      queueMicrotask(() => {
        getOrCreateCoValue(node, id).waitFor({
          predicate: (core) => core.isAvailable() || core.loadingState === 'unavailable' || isNamed(id, hold),
          onSuccess: () => {
            hold.awaited.delete(id);
            if (hold.awaited.size === 0) lane.push([hold]);
          },
        });
      });
    }
  }

  /** Something has arrived of a mere member or parent. */
  function isNamed(id: string, { authors }: Hold): boolean {
    return holds.has(id as RawCoID) && !authors.has(id);
  }

  function request(id: string): void {
    const core = getOrCreateCoValue(node, id);
    core.load(node.syncManager.getServerPeers(core.id), 'immediate');
  }

  /** `absent`: members and parents for whom cojson must not wait. */
  function handOver(content: Content, from: PeerState, absent: readonly RawCoID[]): void {
    if (absent.length > 0) awaitNoMore(getOrCreateCoValue(node, content.id), absent);
    handle(content, from);
  }

  /** Without the sessions whose authors are not here. */
  function handleRest(content: Content, from: PeerState): void {
    const { id } = content;
    const absent = new Set(absentAuthorsOf(content));
    const named = absentNamesIn(content);
    if (absent.size > 0 && authorsInVain.size < mostRemembered) authorsInVain.add(id);
    if (awaitedOf(id, named).length > 0) namesInVain.add(id);
    for (const author of absent) askLater(author, id);
    const all = sessionsOf(content);
    const rest = all.filter(([sessionID]) => !absent.has(authorOf(sessionID)));
    for (const [sessionID] of all) if (absent.has(authorOf(sessionID))) tell(id, sessionID);
    if (content.header || rest.length > 0)
      handOver({ ...content, new: Object.fromEntries(rest) }, from, named);
  }

  function askLater(author: string, id: RawCoID): void {
    const before = toAskFor.get(author);
    if (before) return void before.add(id);
    if (toAskFor.size >= mostRemembered) return;
    const ids = new Set([id]);
    toAskFor.set(author, ids);
    request(author);
    getOrCreateCoValue(node, author).waitFor({
      predicate: (account) => account.isAvailable(),
      onSuccess: () => {
        if (toAskFor.get(author) !== ids) return;
        toAskFor.delete(author);
        for (const one of ids) askRelayFor(node, relayID, one);
      },
    });
  }

  function tell(id: RawCoID, sessionID: string): void {
    onLeftOut({ peerID: relayID, id, sessionID });
    const key = `${id} ${sessionID}`;
    if (told.has(key) || told.size >= mostRemembered) return;
    told.add(key);
    onDropped({ peerID: relayID, id, sessionID, reason: 'The account of its author has not arrived.' });
  }

  return {
    take,
    has: (id) => holds.get(id)?.holdsUp === true,
    lost() {
      for (const { cancel } of holds.values()) cancel();
      holds.clear();
      heldBytes = 0;
      toAskFor.clear();
    },
  };
}
