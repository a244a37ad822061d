import type { RawCoID, SessionID } from 'cojson';

/** What this device last saw of a relay: the next connection, of this run or a later one, finds out whether it has lost data. */
export interface RememberedRelay {
  /** From its `hello`; a stock server says none. */
  readonly storage?: { readonly id: string; readonly epoch: string };
  /** What it confirmed last. A copy of an older state has less, also where it carries the same epoch. */
  readonly confirmed?: { readonly id: RawCoID; readonly sessionID: SessionID; readonly count: number };
}

/** Where that is kept. By the relay's id, which is its address. */
export interface RelayMemory {
  /** Rejects where it cannot be read. */
  read(relayID: string): Promise<RememberedRelay | undefined>;
  /** Written when there is time for it: an older state only costs a comparison. */
  write(relayID: string, remembered: RememberedRelay): void;
}

/** For a node that leaves no trace on this device. */
export const noRelayMemory: RelayMemory = { read: () => Promise.resolve(undefined), write: () => {} };
