import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Lane } from '../../base/pacer.ts';
import { authorOf, contentBytes, sessionsOf, type Content } from '../../engine/content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { askRelayFor } from '../../engine/load-request.ts';
import { notifySoon } from '../../engine/private-methods.ts';
import type { SyncEvents } from '../sync-events.ts';

/**
 * Keeps a relay's content back while the account of an author is not here, without which no signature can be verified. cojson
 * waits with everything of the CoValue, whoever sends it, and for ever, so a relay could name an author who does not exist. Here,
 * only what that relay sends waits. After eight seconds, the author's sessions are dropped; the relay is asked for them again if
 * the account arrives.
 */
export interface AbsentAuthors {
  /** Hands the content on, now or later. Each session of the relay stays in order. */
  take(content: Content, from: PeerState): void;
  /** Whether content of the CoValue is kept back. */
  has(id: RawCoID): boolean;
  /** Forgets what is kept back: the relay sends everything again on its next connection. */
  lost(): void;
}

/** Shorter than a load takes by default. */
const patienceMs = 8_000;
const mostBytes = 16_000_000;
/** What a message needs in memory besides its transactions. */
const overheadBytes = 500;
/** CoValues, accounts and sessions. */
const mostRemembered = 10_000;

export interface Hold {
  readonly contents: Content[];
  readonly sessionIDs: Set<string>;
  readonly awaited: Set<string>;
  bytes: number;
  /** Stops the clock. */
  cancel(): void;
  handOn(): void;
}

/** Of one relay. */
export function createAbsentAuthors(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly clock: Pick<Clock, 'after'>;
  /** Calls `handOn` when there is time. */
  readonly lane: Pick<Lane<Hold>, 'push'>;
  readonly handle: (content: Content, from: PeerState) => void;
  /** Called once for each session. */
  readonly onDropped: (dropped: SyncEvents['dropped']) => void;
}): AbsentAuthors {
  const { node, relayID, clock, lane, handle, onDropped } = options;
  const holds = new Map<RawCoID, Hold>();
  let heldBytes = 0;
  /** These do not wait again: the relay could name one author after the other. */
  const waitedInVain = new Set<RawCoID>();
  /** By the account that has to arrive first. */
  const toAskFor = new Map<string, Set<RawCoID>>();
  const told = new Set<string>();

  function take(content: Content, from: PeerState): void {
    const { id } = content;
    const hold = holds.get(id);
    const absent = absentAuthorsOf(content);
    if (absent.length === 0 && !(hold && buildsOn(content, hold))) return handle(content, from);
    const bytes = contentBytes(content) + overheadBytes;
    const mayWait = !waitedInVain.has(id) && waitedInVain.size < mostRemembered;
    if (!mayWait || heldBytes + bytes > mostBytes) {
      hold?.handOn();
      return handleRest(content, from);
    }
    from.trackLoadRequestUpdate(getOrCreateCoValue(node, id));
    keep(content, bytes, hold ?? begin(id, from));
  }

  function absentAuthorsOf({ id, new: sessions }: Content): readonly string[] {
    const isAbsent = (author: string) =>
      author.startsWith('co_z') && author !== id && getKnownCoValue(node, author)?.isAvailable() !== true;
    return [...new Set(Object.keys(sessions).map(authorOf))].filter(isAbsent);
  }

  function buildsOn({ id, new: sessions }: Content, { sessionIDs }: Hold): boolean {
    if (getKnownCoValue(node, id)?.isAvailable() !== true) return true;
    return Object.keys(sessions).some((sessionID) => sessionIDs.has(sessionID));
  }

  function begin(id: RawCoID, from: PeerState): Hold {
    const cancel = clock.after(patienceMs, handOn);
    const hold: Hold = { contents: [], sessionIDs: new Set(), awaited: new Set(), bytes: 0, cancel, handOn };
    holds.set(id, hold);
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

  function keep(content: Content, bytes: number, hold: Hold): void {
    hold.contents.push(content);
    hold.bytes += bytes;
    heldBytes += bytes;
    for (const sessionID of Object.keys(content.new)) hold.sessionIDs.add(sessionID);
    const more = absentAuthorsOf(content).filter((author) => !hold.awaited.has(author));
    for (const author of more) {
      hold.awaited.add(author);
      request(author);
      // cojson asks for it only after this, also if it was not found before.
      queueMicrotask(() => {
        getOrCreateCoValue(node, author).waitFor({
          predicate: (account) => account.isAvailable() || account.loadingState === 'unavailable',
          onSuccess: () => {
            hold.awaited.delete(author);
            if (hold.awaited.size === 0) lane.push([hold]);
          },
        });
      });
    }
  }

  function request(author: string): void {
    const { syncManager } = node;
    const account = getOrCreateCoValue(node, author);
    account.load(syncManager.getServerPeers(account.id), 'immediate');
  }

  /** Without the sessions whose authors are not here. */
  function handleRest(content: Content, from: PeerState): void {
    const absent = new Set(absentAuthorsOf(content));
    if (absent.size === 0) return handle(content, from);
    if (waitedInVain.size < mostRemembered) waitedInVain.add(content.id);
    for (const author of absent) askLater(author, content.id);
    const isHere = ([sessionID]: readonly [string, unknown]) => !absent.has(authorOf(sessionID));
    const all = sessionsOf(content);
    for (const session of all.filter((one) => !isHere(one))) tell(content.id, session[0]);
    const rest = all.filter(isHere);
    if (content.header || rest.length > 0) handle({ ...content, new: Object.fromEntries(rest) }, from);
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
    const key = `${id} ${sessionID}`;
    if (told.has(key) || told.size >= mostRemembered) return;
    told.add(key);
    onDropped({ peerID: relayID, id, sessionID, reason: 'The account of its author has not arrived.' });
  }

  return {
    take,
    has: (id) => holds.has(id),
    lost() {
      for (const { cancel } of holds.values()) cancel();
      holds.clear();
      heldBytes = 0;
      toAskFor.clear();
    },
  };
}
