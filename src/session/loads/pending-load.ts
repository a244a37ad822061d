import type { LocalNode, PeerState, RawCoID, RawCoValue } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError, LoadDelay } from '../../base/kernel-error.ts';
import {
  groupAccessOf,
  groupChainOf,
  incompleteGroupsOf,
  isComplete,
  isCompleteGroup,
  type GroupAccess,
} from '../../engine/covalue-access.ts';
import { getAvailableCoValue, getOrCreateCoValue, hasWaitingContent } from '../../engine/covalue-lookup.ts';
import { askRelayFor, requestLoad } from '../../engine/load-request.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { SyncState } from '../../sync/sync-state.ts';
import { deletedCoValue } from '../../engine/covalue-errors.ts';
import { forbidden, loadAborted, loadTimedOut, malformed, notFound, unreadable } from './load-errors.ts';

/** A load that has not ended. */
export interface PendingLoad {
  /** Ends it if what the device has, or what the relays have answered, decides it. */
  check(): void;
  /** Call with a relay's message about a CoValue that the load needs, once cojson has handled it. */
  answered(message: Answer, peer: PeerState): void;
  reject(error: KernelError): void;
}

interface Answer {
  readonly action: 'content' | 'known';
  readonly id: RawCoID;
  readonly header?: unknown;
}

/** How long content may have waited for its turn before the load is checked again. */
const recheckMs = 100;

export function beginLoad(options: {
  readonly node: LocalNode;
  readonly sync: { readonly current: Pick<SyncState, 'peers'> };
  readonly storage: Pick<KernelDeviceStorage, 'readFailure'>;
  readonly clock: Clock;
  readonly id: RawCoID;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly pending: Set<PendingLoad>;
  /** Whether the relays' answers count. If not, the load is checked again once they do. */
  readonly isSure: () => boolean;
  /** The load needs the relays' answers about this CoValue. */
  readonly need: (load: PendingLoad, id: string) => void;
  readonly end: (load: PendingLoad, neededIDs: Iterable<string>) => void;
  readonly resolve: (content: RawCoValue) => void;
  readonly reject: (error: KernelError) => void;
}): void {
  const { node, sync, storage, clock, id, signal, timeoutMs } = options;
  /** By needed CoValue and relay, the connection on which the relay has answered since the load began. */
  const answers = new Map<string, Map<string, PeerState>>();
  /** By needed group and relay, the connection on which the relay was asked. */
  const asked = new Map<string, PeerState>();
  const ended = new AbortController();
  let isRead = false;
  let cancelDecision: (() => void) | undefined;
  let cancelRecheck: (() => void) | undefined;

  function relays() {
    return sync.current.peers.filter(({ phase }) => phase !== 'closed');
  }

  function connectedPeer({ id: relayID, phase }: SyncState['peers'][number]) {
    return phase === 'connected' ? node.syncManager.peers[relayID] : undefined;
  }

  /** The load is checked again when what this device has of the CoValue changes. */
  function answersAbout(needed: RawCoID): Map<string, PeerState> {
    const found = answers.get(needed) ?? new Map<string, PeerState>();
    if (!answers.has(needed)) {
      options.need(load, needed);
      ended.signal.addEventListener('abort', getOrCreateCoValue(node, needed).subscribe(load.check, false));
    }
    answers.set(needed, found);
    return found;
  }

  function isAnsweredByAll(needed: RawCoID): boolean {
    const found = answersAbout(needed);
    const isAnswered = relays().every((relay) => {
      const peer = connectedPeer(relay);
      return peer !== undefined && found.get(relay.id) === peer;
    });
    return isAnswered && options.isSure();
  }

  /** Another device may have added this account to a group since this one received the group. */
  function askAbout(groupID: RawCoID): void {
    answersAbout(groupID);
    for (const relay of relays()) {
      const peer = connectedPeer(relay);
      const question = `${relay.id} ${groupID}`;
      if (!peer || asked.get(question) === peer) continue;
      asked.set(question, peer);
      askRelayFor(node, relay.id, groupID);
    }
  }

  /** Set if the CoValue is here, and the groups that this device knows give this account no role. */
  function missingAccess(): GroupAccess | undefined {
    const core = getAvailableCoValue(node, id);
    const access = core && isComplete(core) ? groupAccessOf(node, core) : undefined;
    return access?.role === undefined ? access : undefined;
  }

  /** Until all of a group is here, what is missing can give the role. */
  function isGroupComplete(groupID: RawCoID): boolean {
    const group = getAvailableCoValue(node, groupID);
    return group !== undefined && isCompleteGroup(group);
  }

  /** What ends the load now, apart from its limits. Throws if cojson cannot read the content. */
  function outcome(): RawCoValue | KernelError | undefined {
    const core = getAvailableCoValue(node, id);
    if (!core) {
      // A relay can answer before the storage does, which may have what only this device knows.
      if (!isRead) return undefined;
      const failure = storage.readFailure?.(id);
      if (failure) return unreadable(id, failure);
      return isAnsweredByAll(id) && relays().length > 0 ? notFound(id) : undefined;
    }
    if (core.isDeleted) return deletedCoValue(id);
    if (!isComplete(core)) return undefined;
    const access = missingAccess();
    if (!access) {
      const incomplete = incompleteGroupsOf(core);
      for (const groupID of incomplete) answersAbout(groupID);
      return incomplete.length > 0 ? undefined : core.getCurrentContent();
    }
    const groups = groupChainOf(node, access.groupID);
    for (const groupID of groups) askAbout(groupID);
    const isDecided = groups.every((groupID) => isGroupComplete(groupID) && isAnsweredByAll(groupID));
    return isDecided ? forbidden(id, access) : undefined;
  }

  function delay(): LoadDelay {
    if (relays().length === 0) return 'sync-off';
    return relays().every(connectedPeer) ? 'no-answer' : 'offline';
  }

  function end(): void {
    ended.abort();
    cancelDecision?.();
    cancelRecheck?.();
    options.end(load, answers.keys());
  }

  /** `isLast`: a failure counts at once. Otherwise in a later task, because cojson applies changes in microtasks, too. */
  function decide(isLast: boolean): void {
    if (ended.signal.aborted) return;
    try {
      const result = outcome();
      if (result instanceof Error) return isLast ? load.reject(result) : decideLater();
      if (!result) return recheckLater();
      end();
      options.resolve(result);
    } catch (cause) {
      load.reject(malformed(id, cause));
    }
  }

  /** cojson does not tell when content that has waited turns out to be nothing new. */
  function recheckLater(): void {
    const isWaiting = (needed: string) => hasWaitingContent(getOrCreateCoValue(node, needed));
    if (cancelRecheck || ![...answers.keys()].some(isWaiting)) return;
    cancelRecheck = clock.after(recheckMs, () => {
      cancelRecheck = undefined;
      load.check();
    });
  }

  function decideLater(): void {
    cancelDecision ??= clock.after(0, () => {
      cancelDecision = undefined;
      decide(true);
    });
  }

  const load: PendingLoad = {
    check: () => decide(false),
    answered({ action, id: answeredID, header }, peer) {
      const found = answersAbout(answeredID);
      // Content may still wait for a dependency, so it does not count as an answer that there is none.
      if (answeredID === id && (action === 'content' || header)) found.delete(peer.id);
      else found.set(peer.id, peer);
      load.check();
    },
    reject(error) {
      if (ended.signal.aborted) return;
      end();
      options.reject(error);
    },
  };

  function hasFailed(): boolean {
    return storage.readFailure?.(id) !== undefined;
  }

  function notStored(): void {
    isRead = true;
    load.check();
  }

  function timeOut(): void {
    decide(true);
    if (ended.signal.aborted) return;
    const failure = getAvailableCoValue(node, id) ? undefined : storage.readFailure?.(id);
    if (failure) return load.reject(unreadable(id, failure));
    const access = missingAccess();
    const isKnown = access && groupChainOf(node, access.groupID).every(isGroupComplete);
    load.reject(isKnown ? forbidden(id, access) : loadTimedOut(id, timeoutMs, delay()));
  }

  options.pending.add(load);
  ended.signal.addEventListener('abort', clock.after(timeoutMs, timeOut));
  signal?.addEventListener('abort', () => load.reject(loadAborted(id, signal)), { signal: ended.signal });
  answersAbout(id);
  requestLoad(node, id, { hasFailed, notStored });
  load.check();
}
