import type { RawCoID, SessionID } from 'cojson';

/** What this device last saw of a relay. A later connection compares it to detect that the relay has lost data. */
export interface RememberedRelay {
  /** Whose confirmations count in the latest generation. Absent: that of no server yet, or of earlier versions a stock one's. */
  readonly storage?: ReachedStorage | undefined;
  /**
   * Last confirmations of any tab: uploads of the latest generation first, then the latest. A relay restored from an older copy
   * lacks them, even with the same epoch. Several, because another device may have uploaded one of them again in the meantime.
   */
  readonly confirmed?: readonly ConfirmedEdit[];
  /**
   * Rises whenever a tab of this device sees that the relay has lost data; other tabs may not notice once one has refilled it.
   * Not a count: if this device's database was emptied, it begins with the time.
   */
  readonly losses?: number;
  /** Everything on this device has to be compared with the relay. False once that is done. */
  readonly refill?: boolean;
  /** When an app last used the relay, in ms since the Unix epoch. */
  readonly configuredMs?: number;
  /** The latest receipt that a tab of this device got from the relay. Its form is not checked. */
  readonly receipt?: unknown;
}

/** From the relay's `hello`, or a stock server's, which sends none. */
export type ReachedStorage = { readonly id: string; readonly epoch: string } | 'stock';

export interface ConfirmedEdit {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The session's transactions; 0 if the CoValue had only its header. */
  readonly count: number;
  /** The latest generation in which the relay is known to have had it, as in `losses`. Absent: that of the record. */
  readonly generation?: number;
  /** The relay had it already, maybe in all of its backups. */
  readonly isFound?: true;
}

/** Stores records by the relay's ID, which is derived from its address. */
export interface RelayMemory {
  /** Rejects if the record cannot be read; the caller retries. */
  read(relayID: string): Promise<RememberedRelay | undefined>;
  /** Joins it into the record, and resolves with that. Rejects if it is not written. */
  write(relayID: string, remembered: RememberedRelay): Promise<RememberedRelay>;
}

/** For a node that leaves no trace on this device. */
export const noRelayMemory: RelayMemory = {
  read: () => Promise.resolve(undefined),
  write: (_, remembered) => Promise.resolve(remembered),
};

/** For a node with stored content that this run cannot read: nothing counts as confirmed. */
export const unreadRelayMemory: RelayMemory = { ...noRelayMemory, read: () => new Promise(() => {}) };

const maxConfirmed = 8;

/** The latest confirmations, of which `now` are newer than `before`. */
export function joinConfirmed(
  now: readonly ConfirmedEdit[],
  before: readonly ConfirmedEdit[],
): readonly ConfirmedEdit[] {
  const earlier = new Map(before.map((edit) => [edit.id, edit]));
  const latest = now.map((edit) => {
    const other = earlier.get(edit.id);
    // A header alone says less than an earlier edit, and a tab may not have heard of the latest loss.
    if (!other) return edit;
    if (edit.count === 0 || generationOf(other) > generationOf(edit)) return other;
    return generationOf(other) === generationOf(edit) && !other.isFound ? withoutFound(edit) : edit;
  });
  for (const { id } of now) earlier.delete(id);
  // Otherwise a comparison of everything would displace what a backup of the relay may lack.
  return [...latest, ...earlier.values()].toSorted(byRank).slice(0, maxConfirmed);
}

function byRank(a: ConfirmedEdit, b: ConfirmedEdit): number {
  return generationOf(b) - generationOf(a) || Number(a.isFound ?? false) - Number(b.isFound ?? false);
}

function withoutFound({ isFound: _, ...edit }: ConfirmedEdit): ConfirmedEdit {
  return edit;
}

const generationOf = ({ generation = 0 }: ConfirmedEdit) => generation;

/** What a record says was confirmed, with its generation. */
export function confirmedIn({ confirmed = [], losses = 0 }: RememberedRelay): readonly ConfirmedEdit[] {
  return confirmed.map((edit) => ({ ...edit, generation: edit.generation ?? losses }));
}

/** `now`: undefined if a server was reached that has yet to say anything. */
export function isAnotherStorage(remembered: RememberedRelay, now: ReachedStorage | undefined): boolean {
  const { storage, losses = 0 } = remembered;
  const hasCounted = confirmedIn(remembered).some(({ generation }) => generation === losses);
  const before = storage ?? (hasCounted ? 'stock' : undefined);
  if (!before) return false;
  if (before === 'stock') return now !== undefined && now !== 'stock';
  return !now || now === 'stock' || before.id !== now.id || before.epoch !== now.epoch;
}
