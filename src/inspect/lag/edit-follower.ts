import { covers, type Coverage } from '../../engine/known-counts.ts';
import type { RungTap } from '../../sync/inspection.ts';
import type { Priority } from '../snapshot.ts';
import { createEditsByID } from './edits-by-id.ts';
import type { LeftOut, Measure } from './lag.ts';
import { everywhere, type Sample } from './lag-history.ts';

/** Follows each edit of this tab from the call that made it, and gives a sample for each rung that it gets to. */
export interface EditFollower {
  /** At `atMs`, in ms since the Unix epoch. */
  hear(atMs: number, ...step: Parameters<RungTap>): void;
  /** What was sent to the relay, and is not confirmed, has to be sent again. */
  connectionLost(relayID: string): void;
  readonly leftOut: LeftOut;
}

export interface RelayPromise {
  readonly id: string;
  /** Whether what it confirms survives anything, as far as it says. */
  readonly isDurable: boolean;
}

interface Edit {
  readonly madeAtMs: number;
  readonly need: Coverage;
  readonly priority: Priority;
  readonly atRelays: Map<string, AtRelay>;
}

interface AtRelay {
  wasSent: boolean;
  /** On the connection that there is. */
  sentAtMs: number | undefined;
  isConfirmed: boolean;
  isDurable: boolean;
  answeredAfterMs: number | undefined;
}

/** About half a kB each, and two lists of them: those that wait to be saved, and those that wait for a relay. */
export const mostFollowed = 2_000;

export function createEditFollower(options: {
  /** All that an edit has to get to; none before they are known. */
  readonly relays: () => readonly RelayPromise[];
  /** False where nothing is kept on this device. */
  readonly canSave: () => boolean;
  readonly priorityOf: (id: string) => Priority;
  readonly onSample: (sample: Sample) => void;
}): EditFollower {
  const { relays, canSave, priorityOf, onSample } = options;
  const unsaved = createEditsByID<Edit>(mostFollowed);
  const unconfirmed = createEditsByID<Edit>(mostFollowed);
  let lastAtMs = -Infinity;
  let leftOut: LeftOut = { tooMany: 0, clock: 0 };

  function made(id: string, need: Coverage, madeAtMs: number): void {
    const edit: Edit = { madeAtMs, need, priority: priorityOf(id), atRelays: new Map() };
    const isFollowed = [!canSave() || unsaved.add(id, edit), unconfirmed.add(id, edit)].every(Boolean);
    if (!isFollowed) leftOut = { ...leftOut, tooMany: leftOut.tooMany + 1 };
  }

  function saved(id: string, coverage: Coverage, atMs: number): void {
    unsaved.settle(id, (edit) => {
      const isSaved = covers(coverage, edit.need);
      if (isSaved) tell(edit, everywhere, 'saved', atMs);
      return isSaved;
    });
  }

  function sent(id: string, coverage: Coverage, relayID: string, atMs: number): void {
    const all = relays();
    for (const edit of unconfirmed.of(id)) {
      const at = atRelay(edit, relayID);
      if (at.isConfirmed || at.sentAtMs !== undefined || !covers(coverage, edit.need)) continue;
      at.sentAtMs = atMs;
      noteSent(edit, at, relayID, all, atMs);
    }
  }

  /** Only once: what a lost connection carried is sent again. */
  function noteSent(
    edit: Edit,
    at: AtRelay,
    relayID: string,
    all: readonly RelayPromise[],
    atMs: number,
  ): void {
    if (at.wasSent) return;
    at.wasSent = true;
    if (all.length > 1) tell(edit, relayID, 'sent', atMs);
    if (all.every(({ id }) => edit.atRelays.get(id)?.wasSent)) tell(edit, everywhere, 'sent', atMs);
  }

  function confirmed(id: string, coverage: Coverage, relayID: string, atMs: number): void {
    const all = relays();
    const relay = all.find((known) => known.id === relayID);
    if (!relay) return;
    unconfirmed.settle(id, (edit) => {
      const at = atRelay(edit, relayID);
      if (at.isConfirmed || !covers(coverage, edit.need)) return false;
      // The relay's word may come before the socket's buffer was looked at again, or after another tab has sent it.
      noteSent(edit, at, relayID, all, atMs);
      at.isConfirmed = true;
      at.isDurable = relay.isDurable;
      at.answeredAfterMs = at.sentAtMs === undefined ? undefined : atMs - at.sentAtMs;
      if (all.length > 1) tellConfirmed(edit, relayID, [at], atMs);
      const there = all
        .map((known) => edit.atRelays.get(known.id))
        .filter((other) => other !== undefined)
        .filter((other) => other.isConfirmed);
      if (there.length < all.length) return false;
      tellConfirmed(edit, everywhere, there, atMs);
      return true;
    });
  }

  function tellConfirmed(edit: Edit, place: string, there: readonly AtRelay[], atMs: number): void {
    tell(edit, place, 'confirmed', atMs);
    if (there.every((at) => at.isDurable)) tell(edit, place, 'durable', atMs);
    const answers = there.map((at) => at.answeredAfterMs).filter((ms) => ms !== undefined);
    if (answers.length === there.length) give(edit, place, 'answered', atMs, Math.max(...answers));
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

  function tell(edit: Edit, place: string, measure: Measure, atMs: number): void {
    give(edit, place, measure, atMs, atMs - edit.madeAtMs);
  }

  function give({ priority }: Edit, place: string, measure: Measure, atMs: number, tookMs: number): void {
    onSample({ place, measure, priority, atMs, tookMs });
  }

  /** What was made before the clock was put back has no age any more. */
  function look(atMs: number): void {
    if (atMs < lastAtMs) {
      const count = new Set([...unsaved.all(), ...unconfirmed.all()]).size;
      leftOut = { ...leftOut, clock: leftOut.clock + count };
      unsaved.clear();
      unconfirmed.clear();
    }
    lastAtMs = atMs;
  }

  return {
    hear(atMs, kind, id, coverage, relayID) {
      look(atMs);
      if (kind === 'made') made(id, coverage, atMs);
      else if (kind === 'saved') saved(id, coverage, atMs);
      else if (kind === 'ended') ended(id);
      else if (relayID !== undefined && kind === 'sent') sent(id, coverage, relayID, atMs);
      else if (relayID !== undefined) confirmed(id, coverage, relayID, atMs);
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
