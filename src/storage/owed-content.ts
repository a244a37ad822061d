import { atOnce } from '../base/sliced-steps.ts';
import type { CoValueHeader, RawCoID, SessionID } from '../engine/content.ts';
import { isEmpty, mergeCounts, missingIn, type KnownCounts } from '../engine/known-counts.ts';
import { stores } from './account-database.ts';
import { joinPieces, type Run } from './kernel/pieces.ts';
import { readPieces } from './kernel/segments.ts';
import { contentsOf, hasBegun, ledgerStores, readStored } from './ledger/ledger-store.ts';
import { pendingDebts } from './ledger.ts';
import { confirmedIn, type RememberedRelay } from './remembered-relay.ts';

export type { Run } from './kernel/pieces.ts';

/** By CoValue, what a device owes one relay. */
export type OwedCounts = ReadonlyMap<RawCoID, OwedCount>;

interface OwedCount {
  readonly missing: KnownCounts;
  /** A relay that lacks this has lost data. */
  readonly confirmed: KnownCounts;
}

/** The owed part of one CoValue, as stored. */
export interface OwedContent {
  readonly id: RawCoID;
  /** Absent if the relay has confirmed it. */
  readonly header?: CoValueHeader;
  readonly sessions: readonly OwedSession[];
}

export interface OwedSession {
  readonly sessionID: SessionID;
  readonly confirmed: number;
  /** All that is stored, without gaps. */
  readonly runs: readonly Run[];
}

/**
 * Oldest first. Undefined if more may be owed: only a tab compares everything with a relay. Rejects if the ledger cannot be
 * read.
 */
export async function readOwedCounts(db: IDBDatabase, relayID: string): Promise<OwedCounts | undefined> {
  const stored = await readStored(db.transaction(ledgerStores, 'readonly'));
  const contents = atOnce(contentsOf(stored));
  const relay = stored.relays.get(relayID);
  const isCompared = relay?.configuredMs !== undefined && relay.refill !== true;
  if (!hasBegun(stored) || !isCompared || contents.generations.get(relayID) !== (relay.losses ?? 0))
    return undefined;
  const owed = new Map<RawCoID, OwedCount>();
  for (const [id, debts] of pendingDebts(contents, [relayID])) {
    const remembered = rememberedOf(relay, id);
    const confirmed = mergeCounts(debts.confirmed.get(relayID) ?? {}, remembered);
    const missing = missingIn(confirmed, debts.need);
    // A debt for everything that is stored becomes one for each session in a tab.
    if (debts.whole.length === 0 && !isEmpty(missing)) owed.set(id, { missing, confirmed });
  }
  return owed;
}

/** The ledger forgets what is settled, but a loss is found by these. */
function rememberedOf(relay: RememberedRelay, id: RawCoID): KnownCounts {
  const { losses = 0 } = relay;
  const edits = confirmedIn(relay).filter((edit) => edit.id === id && edit.generation === losses);
  return edits
    .map(({ sessionID, count }) => ({ header: 1, ...(count > 0 && { [sessionID]: count }) }))
    .reduce<KnownCounts>(mergeCounts, {});
}

/** Leaves out what is not stored. Rejects if it cannot be read. */
export async function readOwedContent(db: IDBDatabase, owed: OwedCounts): Promise<readonly OwedContent[]> {
  const pieces = await readPieces(db.transaction([stores.segments], 'readonly'), new Set(owed.keys()));
  return [...owed].flatMap(([id, { missing, confirmed }]) => {
    const stored = joinPieces(id, pieces.get(id) ?? []);
    if (!stored) return [];
    const sessions = [...stored.runs].flatMap(([sessionID, runs]) =>
      sessionID in missing ? { sessionID, confirmed: confirmed[sessionID] ?? 0, runs } : [],
    );
    return { id, sessions, ...('header' in missing && { header: stored.header }) };
  });
}
