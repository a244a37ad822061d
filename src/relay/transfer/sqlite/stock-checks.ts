import { cojsonInternals, type CryptoProvider, type SyncMessage } from 'cojson';
import { isCoValueID, isSessionID, isSignature } from '../../../wire/ids.ts';
import { assertSyncMessage } from '../../../wire/sync-message.ts';
import type { SqlValue } from './open-sqlite.ts';

/** Says of a row that it is damaged, and how; never what stands in it. */
export type Damaged = (row: string, how: string) => Error;

export type StockChecks = ReturnType<typeof createStockChecks>;

const maxInt4 = 2 ** 31 - 1;
/** A transaction has none of its own, and a message must have one. */
const anySignature = `signature_z${'1'.repeat(64)}`;

/** Each value as strictly as if it came from the network. A check returns the value, or throws what `damaged` makes. */
export function createStockChecks(crypto: CryptoProvider, damaged: Damaged) {
  return {
    count(value: SqlValue | undefined, row: string): number {
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxInt4)
        return value;
      throw damaged(row, 'a number is missing or out of its range');
    },
    coValueID(value: SqlValue | undefined, row: string): string {
      if (isCoValueID(value)) return value;
      throw damaged(row, 'its CoValue id is malformed');
    },
    sessionID(value: SqlValue | undefined, row: string): string {
      if (isSessionID(value)) return value;
      throw damaged(row, 'its session id is malformed');
    },
    signature(value: SqlValue | undefined, row: string): string {
      if (typeof value === 'string' && isSignature(value)) return value;
      throw damaged(row, 'its signature is malformed');
    },
    /** Also that the id is the hash of the header. */
    header(value: SqlValue | undefined, id: string, row: string): string {
      const json = text(value, row);
      const message = shaped({ action: 'content', id, header: parse(json, row), priority: 0, new: {} }, row);
      if (message.action !== 'content' || !message.header) throw damaged(row, 'its header is missing');
      if (cojsonInternals.idforHeader(message.header, crypto) === id) return json;
      throw damaged(row, 'its id is not that of its header');
    },
    transaction(value: SqlValue | undefined, id: string, sessionID: string, row: string): string {
      const json = text(value, row);
      const content = { after: 0, newTransactions: [parse(json, row)], lastSignature: anySignature };
      shaped({ action: 'content', id, priority: 0, new: { [sessionID]: content } }, row);
      return json;
    },
  };

  function text(value: SqlValue | undefined, row: string): string {
    if (typeof value === 'string') return value;
    throw damaged(row, 'its JSON is missing');
  }

  function parse(json: string, row: string): unknown {
    try {
      return JSON.parse(json);
    } catch {
      // The parser's message repeats the text, which may be private.
      throw damaged(row, 'it is not JSON');
    }
  }

  function shaped(message: Readonly<Record<string, unknown>>, row: string): SyncMessage {
    try {
      assertSyncMessage(message);
      return message;
    } catch {
      throw damaged(row, 'its JSON has another shape than cojson writes');
    }
  }
}
