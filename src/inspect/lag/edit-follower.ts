import { covers, type KnownCounts } from '../../engine/known-counts.ts';
import type { RungTap } from '../../sync/inspection.ts';
import type { LeftOut, Measure } from '../snapshot/lag-facts.ts';
import type { Priority } from '../snapshot/queue-facts.ts';
import { createEditsByID } from './edits-by-id.ts';
import { everywhere, type Sample } from './lag-history.ts';

/** Follows each edit of this tab from the call that made it, and emits a sample for each rung it reaches. */
export interface EditFollower {
  /** `atMs`: in ms since the Unix epoch. */
  noteStep(atMs: number, ...step: Parameters<RungTap>): void;
  /** The edits that the relay has not confirmed must be resent. */
  connectionLost(relayID: string): void;
  readonly leftOut: LeftOut;
}

export interface RelayPromise {
  readonly id: string;
  readonly isDurable: boolean;
}

interface Edit {
  readonly madeAtMs: number;
  readonly need: KnownCounts;
  readonly priority: Priority;
  readonly atRelays: Map<string, AtRelay>;
}

interface AtRelay {
  wasSent: boolean;
  /** On the current connection. */
  sentAtMs: number | undefined;
  isConfirmed: boolean;
  isDurable: boolean;
  answeredAfterMs: number | undefined;
}

/** The most edits in each of two lists, at about half a kB each: those waiting to be saved and those waiting for a relay. */
export const maxFollowed = 2_000;

export function createEditFollower(options: {
  /** All relays that an edit must reach; empty until they are known. */
  readonly relays: () => readonly RelayPromise[];
  /** False if nothing is stored on this device. */
  readonly canSave: () => boolean;
  readonly priorityOf: (id: string) => Priority;
  readonly onSample: (sample: Sample) => void;
}): EditFollower {
  const { relays, canSave, priorityOf, onSample } = options;
  const unsaved = createEditsByID<Edit>(maxFollowed);
  const unconfirmed = createEditsByID<Edit>(maxFollowed);
  let lastAtMs = -Infinity;
  let leftOut: LeftOut = { tooMany: 0, clock: 0 };

  function made(id: string, need: KnownCounts, madeAtMs: number): void {
    const edit: Edit = { madeAtMs, need, priority: priorityOf(id), atRelays: new Map() };
    const isFollowed = [!canSave() || unsaved.add(id, edit), unconfirmed.add(id, edit)].every(Boolean);
    if (!isFollowed) leftOut = { ...leftOut, tooMany: leftOut.tooMany + 1 };
  }

  function saved(id: string, counts: KnownCounts, atMs: number): void {
    unsaved.settle(id, (edit) => {
      const isSaved = covers(counts, edit.need);
      if (isSaved) sample(edit, everywhere, 'saved', atMs);
      return isSaved;
    });
  }

  function sent(id: string, counts: KnownCounts, relayID: string, atMs: number): void {
    const all = relays();
    for (const edit of unconfirmed.of(id)) {
      const at = atRelay(edit, relayID);
      if (at.isConfirmed || at.sentAtMs !== undefined || !covers(counts, edit.need)) continue;
      at.sentAtMs = atMs;
      noteSent(edit, at, relayID, all, atMs);
    }
  }

  /** Samples the first send only, because edits are resent after a lost connection. */
  function noteSent(
    edit: Edit,
    at: AtRelay,
    relayID: string,
    all: readonly RelayPromise[],
    atMs: number,
  ): void {
    if (at.wasSent) return;
    at.wasSent = true;
    if (all.length > 1) sample(edit, relayID, 'sent', atMs);
    if (all.every(({ id }) => edit.atRelays.get(id)?.wasSent)) sample(edit, everywhere, 'sent', atMs);
  }

  function confirmed(id: string, counts: KnownCounts, relayID: string, atMs: number): void {
    const all = relays();
    const relay = all.find((known) => known.id === relayID);
    if (!relay) return;
    unconfirmed.settle(id, (edit) => {
      const at = atRelay(edit, relayID);
      if (at.isConfirmed || !covers(counts, edit.need)) return false;
      // The confirmation may precede the next check of the socket's buffer, or another tab may have sent the edit.
      noteSent(edit, at, relayID, all, atMs);
      at.isConfirmed = true;
      at.isDurable = relay.isDurable;
      at.answeredAfterMs = at.sentAtMs === undefined ? undefined : atMs - at.sentAtMs;
      if (all.length > 1) sampleConfirmed(edit, relayID, [at], atMs);
      const confirmedRelays = all
        .map((known) => edit.atRelays.get(known.id))
        .filter((other) => other !== undefined)
        .filter((other) => other.isConfirmed);
      if (confirmedRelays.length < all.length) return false;
      sampleConfirmed(edit, everywhere, confirmedRelays, atMs);
      return true;
    });
  }

  function sampleConfirmed(edit: Edit, place: string, there: readonly AtRelay[], atMs: number): void {
    sample(edit, place, 'confirmed', atMs);
    if (there.every((at) => at.isDurable)) sample(edit, place, 'durable', atMs);
    const answers = there.map((at) => at.answeredAfterMs).filter((ms) => ms !== undefined);
    if (answers.length === there.length) emit(edit, place, 'answered', atMs, Math.max(...answers));
  }

  function ended(id: string): void {
    unsaved.drop(id);
    unconfirmed.drop(id);
  }

  function connectionLost(relayID: string): void {
    for (const { atRelays } of unconfirmed.all()) {
      const at = atRelays.get(relayID);
      if (at) at.sentAtMs = undefined;
    }
  }

  function sample(edit: Edit, place: string, measure: Measure, atMs: number): void {
    emit(edit, place, measure, atMs, atMs - edit.madeAtMs);
  }

  function emit({ priority }: Edit, place: string, measure: Measure, atMs: number, tookMs: number): void {
    onSample({ place, measure, priority, atMs, tookMs });
  }

  /** Edits made before the clock was set back have no meaningful age. */
  function checkClock(atMs: number): void {
    if (atMs < lastAtMs) {
      const count = new Set([...unsaved.all(), ...unconfirmed.all()]).size;
      leftOut = { ...leftOut, clock: leftOut.clock + count };
      unsaved.clear();
      unconfirmed.clear();
    }
    lastAtMs = atMs;
  }

  return {
    noteStep(atMs, kind, id, counts, relayID) {
      checkClock(atMs);
      if (kind === 'made') made(id, counts, atMs);
      else if (kind === 'saved') saved(id, counts, atMs);
      else if (kind === 'ended') ended(id);
      else if (relayID !== undefined && kind === 'sent') sent(id, counts, relayID, atMs);
      else if (relayID !== undefined) confirmed(id, counts, relayID, atMs);
    },
    connectionLost,
    get leftOut() {
      return leftOut;
    },
  };
}

function atRelay({ atRelays }: Edit, relayID: string): AtRelay {
  const known = atRelays.get(relayID);
  if (known) return known;
  const at: AtRelay = {
    wasSent: false,
    sentAtMs: undefined,
    isConfirmed: false,
    isDurable: false,
    answeredAfterMs: undefined,
  };
  atRelays.set(relayID, at);
  return at;
}
