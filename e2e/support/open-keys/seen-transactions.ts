import type { Evidence } from '../../../test/secrets/find-secrets.ts';

/** A transaction that was found in a database or in traffic, and its place, on which its encryption depends. */
export interface SeenTransaction {
  readonly id: string;
  readonly sessionID: string;
  readonly txIndex: number;
  readonly tx: StoredTransaction;
}

export interface StoredTransaction {
  readonly privacy: 'private' | 'trusting';
  /** JSON, of a trusting one. */
  readonly changes?: string;
  /** Of a private one. */
  readonly encryptedChanges?: string;
  readonly meta?: string;
}

/** Each different transaction in rows of a relay, sync messages and segments of a device. */
export function transactionsIn(evidence: Iterable<Evidence>): readonly SeenTransaction[] {
  const seen = new Map<string, SeenTransaction>();
  for (const { content } of evidence) {
    if (typeof content !== 'string') continue;
    for (const line of content.split('\n')) {
      for (const found of readLine(line)) seen.set(JSON.stringify(found), found);
    }
  }
  return [...seen.values()];
}

function readLine(line: string): readonly SeenTransaction[] {
  const value = parse(line);
  if (Array.isArray(value)) return value.flatMap(readPiece);
  if (typeof value !== 'object' || value === null) return [];
  if ('covalue_id' in value && 'tx' in value) return [readRow(value as Row)];
  if ('action' in value && value.action === 'content') return readMessage(value as unknown as ContentMessage);
  return [];
}

interface Row {
  readonly covalue_id: string;
  readonly session_id: string;
  readonly idx: number;
  readonly tx: string;
}

function readRow({ covalue_id: id, session_id: sessionID, idx: txIndex, tx }: Row): SeenTransaction {
  return { id, sessionID, txIndex, tx: JSON.parse(tx) as StoredTransaction };
}

interface ContentMessage {
  readonly id: string;
  readonly new: Readonly<
    Record<string, { readonly after: number; readonly newTransactions: readonly StoredTransaction[] }>
  >;
}

function readMessage({ id, new: sessions }: ContentMessage): readonly SeenTransaction[] {
  return Object.entries(sessions).flatMap(([sessionID, { after, newTransactions }]) =>
    newTransactions.map((tx, index) => ({ id, sessionID, txIndex: after + index, tx })),
  );
}

type Run = readonly [sessionID: string, after: number, transactions: readonly StoredTransaction[]];

/** A piece of a segment in a device's database. */
function readPiece(piece: unknown): readonly SeenTransaction[] {
  if (!Array.isArray(piece) || typeof piece[0] !== 'string' || !Array.isArray(piece[2])) return [];
  const [id, , runs] = piece as unknown as readonly [string, unknown, readonly Run[]];
  return runs.flatMap(([sessionID, after, transactions]) =>
    transactions.map((tx, index) => ({ id, sessionID, txIndex: after + index, tx })),
  );
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // Not content.
  }
}
