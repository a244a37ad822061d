import { cojsonInternals, type CryptoProvider, type SyncMessage } from 'cojson';
import { isCoValueID, isSessionID, isSignature } from '../../../wire/ids.ts';
import { assertSyncMessage } from '../../../wire/sync-message.ts';
import type { SqlValue } from './open-sqlite.ts';

/** Creates the error for a damaged row. Neither argument may contain the content of the row. */
export type Damaged = (row: string, how: string) => Error;

export type StockChecks = ReturnType<typeof createStockChecks>;

const maxInt4 = 2 ** 31 - 1;
/** A placeholder: transactions have no signature, but the message format requires one. */
const anySignature = `signature_z${'1'.repeat(64)}`;

/** Validates values as strictly as network messages. A check returns the value, or throws the error from `damaged`. */
export function createStockChecks(crypto: CryptoProvider, damaged: Damaged) {
  return {
    count(value: SqlValue | undefined, row: string): number {
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxInt4)
        return value;
      throw damaged(row, 'a number is missing or out of range');
    },
    coValueID(value: SqlValue | undefined, row: string): string {
      if (isCoValueID(value)) return value;
      throw damaged(row, 'its CoValue ID is malformed');
    },
    sessionID(value: SqlValue | undefined, row: string): string {
      if (isSessionID(value)) return value;
      throw damaged(row, 'its session ID is malformed');
    },
    signature(value: SqlValue | undefined, row: string): string {
      if (typeof value === 'string' && isSignature(value)) return value;
      throw damaged(row, 'its signature is malformed');
    },
    /** Also verifies that the ID is the hash of the header. */
    header(value: SqlValue | undefined, id: string, row: string): string {
      const json = text(value, row);
      const message = shaped({ action: 'content', id, header: parse(json, row), priority: 0, new: {} }, row);
      if (message.action !== 'content' || !message.header) throw damaged(row, 'its header is missing');
      if (cojsonInternals.idforHeader(message.header, crypto) === id) return json;
      throw damaged(row, 'its ID does not match its header');
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
      // The message of the parser would contain the text, which may be private.
      throw damaged(row, 'it is not valid JSON');
    }
  }

  function shaped(message: Readonly<Record<string, unknown>>, row: string): SyncMessage {
    try {
      assertSyncMessage(message);
      return message;
    } catch {
      throw damaged(row, 'its JSON does not have the format of cojson');
    }
  }
}
