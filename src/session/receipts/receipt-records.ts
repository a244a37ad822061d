import type { RawCoMap } from 'cojson';
import { isRecord } from '../../base/record.ts';
import type { RelayContradiction } from '../../sync/confirmations.ts';
import { readSignedReceipt, type SignedReceipt } from '../../wire/receipt.ts';
import { isNewerThanVersion1 } from '../account/version-1.ts';

/** What the account's devices tell each other of a relay, by its key. Anyone of them may have written it: nothing is verified. */
export interface ReceiptRecords {
  receipt(key: string): SignedReceipt | undefined;
  /** When that was written, in ms since the Unix epoch, by the clock of its device. */
  writtenAtMs(key: string): number | undefined;
  writeReceipt(key: string, signed: SignedReceipt): void;
  /** To be read by `readContradiction`. */
  contradiction(key: string): unknown;
  writeContradiction(contradiction: RelayContradiction): void;
}

/** The latest receipt that a device got from a relay. */
const receiptPrefix = 'receipt/';
/** Two receipts of a relay that contradict each other. */
const contradictionPrefix = 'contradiction/';
/** Of each kind. The account of a device that has used more forgets the relay that was written longest ago. */
export const maxRecordedRelays = 8;

/** `current`: the account's kernel map. */
export function recordsIn(current: () => RawCoMap): ReceiptRecords {
  const valueOf = (key: string): Readonly<Record<string, unknown>> => {
    const value: unknown = current().get(key);
    return isRecord(value) && value['v'] === 1 ? value : {};
  };
  const writtenAtMs = (key: string) => current().lastEditAt(key)?.at.getTime();

  function write(prefix: string, name: string, value: Readonly<Record<string, unknown>>): void {
    const map = current();
    const key = prefix + name;
    // A later version of the kernel has written it.
    if (isNewerThanVersion1(map.get(key))) return;
    const others = map
      .keys()
      .filter((other) => other.startsWith(prefix) && other !== key)
      .toSorted((a, b) => (writtenAtMs(b) ?? 0) - (writtenAtMs(a) ?? 0));
    for (const other of others.slice(maxRecordedRelays - 1)) map.delete(other, 'private');
    map.set(key, { v: 1, ...value }, 'private');
  }

  return {
    receipt: (key) => readSignedReceipt(valueOf(receiptPrefix + key)),
    writtenAtMs: (key) => writtenAtMs(receiptPrefix + key),
    writeReceipt: (key, { receipt, signature }) => write(receiptPrefix, key, { receipt, signature }),
    contradiction: (key) => valueOf(contradictionPrefix + key),
    writeContradiction: ({ key, ...value }) => write(contradictionPrefix, key, { key, ...value }),
  };
}
