import { newerPieces, type ReadTransactions } from './content-pieces.ts';
import type { Content, CoValueHeader, KnownState } from '../../engine/content.ts';
import type { Database } from '../database/database.ts';
import { readNewer, type NewerSessions } from './read-newer.ts';
import { readTransactions } from './read-rows.ts';

/** A CoValue in memory, and how far. */
export interface KnownCoValue {
  readonly header: CoValueHeader;
  readonly state: KnownState;
}

/** Hands out what is stored beyond what is known, read for all of them at once. Rejects when reading failed. */
export type LoadNewer = (
  known: readonly KnownCoValue[],
  handOut: (content: Content) => void,
) => Promise<void>;

export function createNewerLoader(database: Database, loaded: (state: KnownState) => void): LoadNewer {
  const readPiece: ReadTransactions = (id, session, from, to) =>
    readTransactions(database.query, id, session, from, to);

  return async (known, handOut) => {
    const newer = await readNewer(
      database.query,
      known.map(({ state }) => state),
    );
    for (const { header, state } of known) {
      const sessions = newer.get(state.id);
      if (!sessions) continue;
      for await (const piece of newerPieces(state.id, header, sessions, readPiece)) handOut(piece);
      loaded({ id: state.id, header: true, sessions: countsOf(sessions) });
    }
  };
}

function countsOf(sessions: NewerSessions): KnownState['sessions'] {
  return Object.fromEntries([...sessions].map(([sessionID, { lastIdx }]) => [sessionID, lastIdx]));
}
