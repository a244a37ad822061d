import type { CoValueCore, LocalNode } from 'cojson';
import type { Pacer } from '../../base/pacer.ts';
import { isDeleteSession, isOwnSession } from '../../engine/content.ts';
import { dependantsOf } from '../../engine/covalue-lookup.ts';
import { judgedCount, verdictsOf, type NotCountedEdit } from '../../engine/edit-verdicts.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { SyncEventStream } from '../sync-events.ts';
import type { SyncState } from '../sync-state.ts';
import type { Recalled } from './ladder.ts';

/**
 * Which edits of this device cojson does not count, of those made by this node or left by an earlier run. A verdict is
 * cojson's own, and can change in both directions. The verdicts on an unloaded CoValue stay as they were.
 */
export interface Validity {
  readonly state: SyncState['notCounted'];
  /** False while edits are still to be judged. */
  readonly isUpToDate: boolean;
  /** This node has made an edit. */
  made(id: string, need: KnownCounts): void;
  recalled(id: string, debts: Pick<Recalled, 'need' | 'confirmed'>): void;
  /** A CoValue has new content. If it is a group, that can change which edits count. */
  changed(id: string): void;
  /** A relay has confirmed this much. */
  confirmed(id: string, counts: KnownCounts): void;
  /** No edit of the CoValue is pending any more. */
  done(id: string): void;
  /** By session or `header`, the index of the first pending edit that no relay has confirmed. */
  unconfirmedFrom(id: string): KnownCounts;
  /** The edits of the CoValue that do not count. The same array while nothing has changed. */
  notCounted(id: string): readonly NotCountedEdit[];
  close(): void;
}

/** A session's pending edits of one CoValue. */
interface SessionEdits {
  /** The index of the first one that no relay has confirmed. */
  unconfirmed: number;
  /** The index of the first one without a verdict. */
  unjudged: number;
}

/** The state is compared whenever it is published, so its size must not grow with the number of edits. */
const maxIDs = 100;
const none: readonly NotCountedEdit[] = [];

/** How many verdicts are read before the page gets its turn. */
const batchSize = 500;

export function createValidity(options: {
  readonly node: LocalNode;
  readonly pacer: Pacer;
  readonly events: Pick<SyncEventStream, 'emit'>;
  readonly onChange: () => void;
}): Validity {
  const { node, events, onChange } = options;
  const lane = options.pacer.lane(advance);
  /** By CoValue and session. */
  const pending = new Map<string, Map<string, SessionEdits>>();
  const notCounted = new Map<string, Map<string, Map<number, NotCountedEdit>>>();
  const sessionIDs = new Set<string>([node.currentSessionID]);
  const madeThisTurn = new Set<string>();
  /** CoValues to be judged again. */
  const queued = new Set<string>();
  /** What was last read, by CoValue. */
  const lists = new Map<string, readonly NotCountedEdit[]>();
  let count = 0;
  let state: SyncState['notCounted'] | undefined;

  function follow(id: string, sessionID: string, from: number): void {
    if (isDeleteSession(sessionID)) return;
    if (sessionID !== 'header') sessionIDs.add(sessionID);
    const sessions = pending.get(id) ?? new Map<string, SessionEdits>();
    pending.set(id, sessions);
    const { unconfirmed, unjudged } = sessions.get(sessionID) ?? { unconfirmed: from, unjudged: from };
    // An earlier run's edits can become known after later ones of the same session.
    sessions.set(sessionID, { unconfirmed: Math.min(unconfirmed, from), unjudged: Math.min(unjudged, from) });
  }

  function advance(job: Iterator<void>): void {
    if (!job.next().done) lane.pushLater([job]);
    else if (lane.waiting === 0) onChange();
  }

  function judgeMade(): void {
    for (const id of madeThisTurn) {
      const job = judgeNew(id, pending.get(id));
      while (!job.next().done) continue;
    }
    madeThisTurn.clear();
    onChange();
  }

  /** Judges what has no verdict yet. */
  function* judgeNew(id: string, sessions: ReadonlyMap<string, SessionEdits> = new Map()): Generator<void> {
    const core = findCoValue(node, id);
    if (!core) return;
    for (const [sessionID, edits] of sessions) {
      const { unjudged } = edits;
      edits.unjudged = Math.max(unjudged, judgedCount(core, sessionID));
      yield* judge(core, sessionID, unjudged);
    }
  }

  /** Judges all edits of this device, and then those of the CoValues that depend on this one. */
  function* judgeAgain(id: string): Generator<void> {
    queued.delete(id);
    const core = findCoValue(node, id);
    if (!core) return;
    for (const sessionID of sessionIDs) yield* judge(core, sessionID, 0);
    if (core.isGroup()) queueAgain(dependantsOf(core));
  }

  function* judge(core: CoValueCore, sessionID: string, from: number): Generator<void> {
    let left = batchSize;
    for (const [index, edit] of verdictsOf(core, sessionID)) {
      // Nobody sees the edits of a deleted CoValue, counted or not. The deletion can arrive between two batches.
      if (index < from || core.isDeleted) return;
      if (edit) add(core.id, edit);
      else remove(core.id, sessionID, index);
      if (--left > 0) continue;
      yield;
      left = batchSize;
    }
  }

  function add(id: string, edit: NotCountedEdit): void {
    const { sessionID, index, reason } = edit;
    const sessions = notCounted.get(id) ?? new Map<string, Map<number, NotCountedEdit>>();
    const edits = sessions.get(sessionID) ?? new Map<number, NotCountedEdit>();
    notCounted.set(id, sessions.set(sessionID, edits));
    if (!edits.has(index)) {
      count++;
      state = undefined;
      events.emit('notCounted', { id, sessionID, index, reason });
    }
    edits.set(index, edit);
    lists.delete(id);
  }

  function remove(id: string, sessionID: string, index: number): void {
    const sessions = notCounted.get(id);
    const edits = sessions?.get(sessionID);
    if (!edits?.delete(index)) return;
    lists.delete(id);
    count--;
    state = undefined;
    if (edits.size === 0) sessions?.delete(sessionID);
    if (sessions?.size === 0) notCounted.delete(id);
  }

  function forgetDeleted(id: string): void {
    if (!findCoValue(node, id)?.isDeleted) return;
    for (const [sessionID, edits] of notCounted.get(id) ?? [])
      for (const index of [...edits.keys()]) remove(id, sessionID, index);
    onChange();
  }

  /** Later, because cojson applies some changes of a group in a microtask. */
  function queueAgain(ids: Iterable<string>): void {
    const added = [...ids].filter((id) => !queued.has(id));
    for (const id of added) queued.add(id);
    lane.pushLater(added.map((id) => judgeAgain(id)));
  }

  return {
    get state() {
      return (state ??= { count, ids: firstOf(notCounted.keys(), maxIDs) });
    },
    get isUpToDate() {
      return madeThisTurn.size === 0 && lane.waiting === 0;
    },
    made(id, need) {
      for (const [sessionID, made] of Object.entries(need)) follow(id, sessionID, made - 1);
      // A call can make several edits of which a later one decides whether an earlier one counts.
      if (madeThisTurn.size === 0) queueMicrotask(judgeMade);
      madeThisTurn.add(id);
    },
    recalled(id, { need, confirmed }) {
      for (const sessionID of Object.keys(need)) {
        if (!isOwnSession(node, sessionID)) continue;
        follow(
          id,
          sessionID,
          Math.max(0, ...[...confirmed.values()].map((counts) => counts[sessionID] ?? 0)),
        );
      }
    },
    changed(id) {
      // cojson has not yet taken in what is being imported.
      if (notCounted.has(id)) queueMicrotask(() => forgetDeleted(id));
      if (findCoValue(node, id)?.isGroupOrAccount()) queueAgain([id]);
    },
    confirmed(id, counts) {
      const core = findCoValue(node, id);
      const sessions = pending.get(id) ?? new Map<string, SessionEdits>();
      for (const [sessionID, edits] of sessions) {
        if (core && judgedCount(core, sessionID) > edits.unjudged) lane.push([judgeNew(id, sessions)]);
        edits.unconfirmed = Math.max(edits.unconfirmed, counts[sessionID] ?? 0);
      }
    },
    done: (id) => void pending.delete(id),
    unconfirmedFrom(id) {
      const sessions = [...(pending.get(id) ?? [])];
      return Object.fromEntries(sessions.map(([sessionID, { unconfirmed }]) => [sessionID, unconfirmed]));
    },
    notCounted(id) {
      const sessions = notCounted.get(id);
      if (!sessions) return none;
      const list = lists.get(id) ?? [...sessions.values()].flatMap((edits) => [...edits.values()]);
      lists.set(id, list);
      return list;
    },
    close: () => void lane.clear(),
  };
}

function firstOf<T>(items: Iterable<T>, max: number): readonly T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === max) break;
    first.push(item);
  }
  return first;
}
