import { cojsonInternals } from 'cojson';
import {
  sessionsOf,
  transactionBytes,
  type Content,
  type KnownState,
  type RawCoID,
  type SessionContent,
  type SessionID,
  type Signature,
} from '../../../engine/content.ts';
import { bytesOf } from '../stored-amount.ts';

export interface SessionRow {
  readonly covalueID: RawCoID;
  readonly sessionID: SessionID;
  readonly lastIdx: number;
  readonly lastSignature: Signature;
  readonly bytesSinceSignature: number;
}

export interface TransactionRow {
  readonly covalueID: RawCoID;
  readonly sessionID: SessionID;
  readonly idx: number;
  readonly json: string;
}

export interface SignatureRow {
  readonly covalueID: RawCoID;
  readonly sessionID: SessionID;
  readonly idx: number;
  readonly signature: Signature;
}

/** Computes the rows to write for new content, given the stored rows. */
export interface WritePlan {
  /** Adds a stored session row; ignored if the plan has already written to the session. */
  learn(row: SessionRow): void;
  /**
   * Returns false if earlier transactions of a session are missing; other sessions are still added. `payer`: the principal that
   * sent it.
   */
  add(content: Content, payer?: string): boolean;
  /** The bytes of the transactions that each principal adds. */
  readonly charges: ReadonlyMap<string, number>;
  /** The state after the plan is executed, for the sessions it knows. */
  knownSessions(id: RawCoID): KnownState['sessions'];
  readonly changedSessions: () => readonly SessionRow[];
  readonly transactions: readonly TransactionRow[];
  readonly signatures: readonly SignatureRow[];
}

export function createWritePlan(): WritePlan {
  const rowsByID = new Map<RawCoID, Map<SessionID, SessionRow>>();
  const changed = new Set<string>();
  const transactions: TransactionRow[] = [];
  const signatures: SignatureRow[] = [];
  const charges = new Map<string, number>();

  function rowsOf(id: RawCoID): Map<SessionID, SessionRow> {
    let rows = rowsByID.get(id);
    if (!rows) rowsByID.set(id, (rows = new Map<SessionID, SessionRow>()));
    return rows;
  }

  function addSession(
    covalueID: RawCoID,
    sessionID: SessionID,
    content: SessionContent,
    payer: string | undefined,
  ): boolean {
    const row = rowsOf(covalueID).get(sessionID);
    const lastIdx = row?.lastIdx ?? 0;
    if (lastIdx < content.after) return false;
    const fresh = content.newTransactions.slice(lastIdx - content.after);
    if (fresh.length === 0) return true;

    let bytes = row?.bytesSinceSignature ?? 0;
    let idx = lastIdx;
    for (const transaction of fresh) {
      const json = JSON.stringify(transaction);
      transactions.push({ covalueID, sessionID, idx: idx++, json });
      if (payer !== undefined) charges.set(payer, (charges.get(payer) ?? 0) + bytesOf(json));
      bytes += transactionBytes(transaction);
    }
    // Content can only be split at a stored signature, and each message ends with a signature.
    if (bytes > cojsonInternals.TRANSACTION_CONFIG.MAX_RECOMMENDED_TX_SIZE) {
      signatures.push({ covalueID, sessionID, idx: idx - 1, signature: content.lastSignature });
      bytes = 0;
    }
    rowsOf(covalueID).set(sessionID, {
      covalueID,
      sessionID,
      lastIdx: idx,
      lastSignature: content.lastSignature,
      bytesSinceSignature: bytes,
    });
    changed.add(`${covalueID} ${sessionID}`);
    return true;
  }

  return {
    learn(row) {
      const rows = rowsOf(row.covalueID);
      if (!rows.has(row.sessionID)) rows.set(row.sessionID, row);
    },
    add(content, payer) {
      let isComplete = true;
      for (const [sessionID, session] of sessionsOf(content)) {
        isComplete = addSession(content.id, sessionID, session, payer) && isComplete;
      }
      return isComplete;
    },
    knownSessions: (id) =>
      Object.fromEntries([...rowsOf(id).values()].map(({ sessionID, lastIdx }) => [sessionID, lastIdx])),
    changedSessions: () =>
      [...rowsByID.values()].flatMap((rows) =>
        [...rows.values()].filter(({ covalueID, sessionID }) => changed.has(`${covalueID} ${sessionID}`)),
      ),
    transactions,
    signatures,
    charges,
  };
}
