import type { LocalNode, PeerState, RawCoID, RawCoValue } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError, LoadDelay } from '../../base/kernel-error.ts';
import {
  groupChainOf,
  incompleteGroupsOf,
  isComplete,
  isCompleteGroup,
} from '../../engine/covalue-access.ts';
import { getAvailableCoValue, getOrCreateCoValue, hasWaitingContent } from '../../engine/covalue-lookup.ts';
import { askRelayFor, requestLoad } from '../../engine/load-request.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { SyncState } from '../../sync/sync-state.ts';
import { wholeContent, missingAccess } from './whole-content.ts';
import { forbidden, malformed, notFound, unreadable } from './load-errors.ts';
import { connectedPeer, delayOf, relaysToAsk } from './relays-to-ask.ts';

/** The result of a search. */
export type Finding = RawCoValue | KernelError;

/** Looks for one CoValue on this device and at the relays, from its start until it is ended. */
export interface Search {
  start(): void;
  /** The content, if it can be read in full; or why it cannot. Undefined while content or an answer has yet to arrive. */
  readonly found: Finding | undefined;
  /** Why the search has no answer yet. */
  readonly delay: LoadDelay;
  /** Whether this device’s storage has said what it has. Until then, no relay is the reason. */
  readonly isStorageRead: boolean;
  /** From now on, what this device has decides where a relay has yet to answer. */
  waitNoLonger(): void;
  /** Reads this device's storage again, if the CoValue is not here. */
  readAgain(): void;
  end(): void;
}

/** A search, with the calls that report news to it. */
export interface RunningSearch extends Search {
  /** Call when content on this device, or an answer of a relay, may have changed. */
  check(): void;
  /** Call with a relay's message about a CoValue that the search needs, once cojson has handled it. */
  answered(message: Answer, peer: PeerState): void;
}

interface Answer {
  readonly action: 'content' | 'known';
  readonly id: RawCoID;
  readonly header?: unknown;
}

/** How long content may have waited for its turn before the search checks again. */
const recheckMs = 100;

export function createSearch(options: {
  readonly node: LocalNode;
  readonly sync: { readonly current: Pick<SyncState, 'peers'> };
  readonly storage: Pick<KernelDeviceStorage, 'readFailure'>;
  readonly clock: Clock;
  readonly id: RawCoID;
  /** Whether the relays' answers count. If not, the search is checked again once they do. */
  readonly isSure: () => boolean;
  /** The search needs the relays' answers about this CoValue. */
  readonly need: (search: RunningSearch, id: string) => void;
  readonly started: (search: RunningSearch) => void;
  readonly ended: (search: RunningSearch, neededIDs: Iterable<string>) => void;
  /** `found`, or the content in it, may have changed. */
  readonly onChange: () => void;
}): RunningSearch {
  const { node, sync, storage, clock, id, onChange } = options;
  /** By needed CoValue and relay, the connection on which the relay has answered since the search began. */
  const answers = new Map<string, Map<string, PeerState>>();
  /** By needed group and relay, the connection on which the relay was asked. */
  const asked = new Map<string, PeerState>();
  const ended = new AbortController();
  let found: Finding | undefined;
  /** The storage does not have the CoValue. */
  let isRead = false;
  let isStored = false;
  let waits = true;
  let cancelDecision: (() => void) | undefined;
  let cancelRecheck: (() => void) | undefined;

  const relays = () => relaysToAsk(sync.current);

  /** The search is checked again when what this device has of the CoValue changes. */
  function answersAbout(needed: RawCoID): Map<string, PeerState> {
    const found = answers.get(needed) ?? new Map<string, PeerState>();
    if (!answers.has(needed)) {
      options.need(search, needed);
      ended.signal.addEventListener('abort', getOrCreateCoValue(node, needed).subscribe(search.check, false));
    }
    answers.set(needed, found);
    return found;
  }

  function isAnsweredByAll(needed: RawCoID): boolean {
    const found = answersAbout(needed);
    const isAnswered = relays().every((relay) => {
      const peer = connectedPeer(node, relay);
      return peer !== undefined && found.get(relay.id) === peer;
    });
    return isAnswered && options.isSure();
  }

  /** Another device may have added this account to a group since this one received the group. */
  function askAbout(groupID: RawCoID): void {
    answersAbout(groupID);
    for (const relay of relays()) {
      const peer = connectedPeer(node, relay);
      const question = `${relay.id} ${groupID}`;
      if (!peer || asked.get(question) === peer) continue;
      asked.set(question, peer);
      askRelayFor(node, relay.id, groupID);
    }
  }

  /** Until all of a group is here, what is missing can give the role. */
  function isGroupComplete(groupID: RawCoID): boolean {
    const group = getAvailableCoValue(node, groupID);
    return group !== undefined && isCompleteGroup(group);
  }

  /** Throws if cojson cannot read the content. */
  function outcome(): Finding | undefined {
    const held = wholeContent(node, id);
    if (held) return held;
    const core = getAvailableCoValue(node, id);
    if (!core) return absence();
    const access = missingAccess(core);
    if (access) {
      const groups = groupChainOf(node, access.groupID);
      for (const groupID of groups) askAbout(groupID);
      const isDecided = groups.every(
        (groupID) => isGroupComplete(groupID) && (!waits || isAnsweredByAll(groupID)),
      );
      return isDecided ? forbidden(id, access) : undefined;
    }
    if (isComplete(core)) for (const groupID of incompleteGroupsOf(core)) answersAbout(groupID);
    return undefined;
  }

  /** Why the CoValue is not here. */
  function absence(): KernelError | undefined {
    // A relay can answer before the storage does, which may have what only this device knows.
    if (!isRead && waits) return undefined;
    const failure = storage.readFailure?.(id);
    if (failure) return unreadable(id, failure);
    return isRead && isAnsweredByAll(id) && relays().length > 0 ? notFound(id) : undefined;
  }

  function outcomeNow(): Finding | undefined {
    try {
      return outcome();
    } catch (cause) {
      return malformed(id, cause);
    }
  }

  /** `isLast`: a failure counts at once. Otherwise in a later task, because cojson applies changes in microtasks, too. */
  function decide(isLast: boolean): void {
    if (ended.signal.aborted) return;
    const now = outcomeNow();
    if (now instanceof Error && !isLast) return decideLater();
    if (!now) recheckLater();
    found = now;
    onChange();
  }

  /** cojson does not tell when content that has waited turns out to be nothing new. */
  function recheckLater(): void {
    const isWaiting = (needed: string) => hasWaitingContent(getOrCreateCoValue(node, needed));
    if (cancelRecheck || ![...answers.keys()].some(isWaiting)) return;
    cancelRecheck = clock.after(recheckMs, () => {
      cancelRecheck = undefined;
      search.check();
    });
  }

  function decideLater(): void {
    cancelDecision ??= clock.after(0, () => {
      cancelDecision = undefined;
      decide(true);
    });
  }

  function read(): void {
    requestLoad(node, id, { hasFailed: () => storage.readFailure?.(id) !== undefined, notStored, stored });
  }

  function notStored(): void {
    isRead = true;
    search.check();
  }

  function stored(): void {
    isStored = true;
    search.check();
  }

  const search: RunningSearch = {
    start() {
      options.started(search);
      answersAbout(id);
      read();
      search.check();
    },
    get found() {
      return found;
    },
    get delay() {
      return delayOf(node, sync.current);
    },
    get isStorageRead() {
      return isRead || isStored;
    },
    check: () => decide(false),
    answered({ action, id: answeredID, header }, peer) {
      const found = answersAbout(answeredID);
      // Content may still wait for a dependency, so it does not count as an answer that there is none.
      if (answeredID === id && (action === 'content' || header)) found.delete(peer.id);
      else found.set(peer.id, peer);
      search.check();
    },
    waitNoLonger() {
      waits = false;
      decide(true);
    },
    readAgain: read,
    end() {
      if (ended.signal.aborted) return;
      ended.abort();
      cancelDecision?.();
      cancelRecheck?.();
      options.ended(search, answers.keys());
    },
  };

  return search;
}
