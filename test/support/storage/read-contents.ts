import { atOnce } from '../../../src/base/sliced-steps.ts';
import type { LedgerContents } from '../../../src/storage/ledger.ts';
import { contentsOf, readStored } from '../../../src/storage/ledger/ledger-store.ts';

/** The ledger, as its database has it. Rejects if a record is malformed. */
export async function readContents(transaction: IDBTransaction): Promise<LedgerContents> {
  return atOnce(contentsOf(await readStored(transaction)));
}
