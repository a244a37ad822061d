import type { RawCoMap } from 'cojson';
import { isRecord } from '../../base/record.ts';
import type { RelayContradiction } from '../../sync/confirmations.ts';
import { readSignedReceipt, type SignedReceipt } from '../../wire/receipt.ts';
import { isNewerThanVersion1 } from '../account/version-1.ts';

/** What the account's devices record for each other of each relay. Anyone of them may have written it: nothing is verified. */
export interface ReceiptRecords {
  /** Those of this key, of whichever relay. */
  receipts(key: string): readonly SignedReceipt[];
  /** When the relay's was written, in ms since the Unix epoch, by the clock of its device. */
  receiptAtMs(relayID: string): number | undefined;
  writeReceipt(relayID: string, key: string, signed: SignedReceipt): void;
  /** To be read by `readContradiction`. */
  contradictions(): readonly unknown[];
  contradiction(relayID: string): unknown;
  contradictionAtMs(relayID: string): number | undefined;
  writeContradiction(relayID: string, contradiction: RelayContradiction): void;
}

/** The latest receipt that a device got from a relay. One for each relay, however often its key changes. */
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
  const valuesOf = (prefix: string) =>
    current()
      .keys()
      .filter((key) => key.startsWith(prefix))
      .map(valueOf);
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
    receipts: (key) =>
      valuesOf(receiptPrefix).flatMap((value) => (value['key'] === key && readSignedReceipt(value)) || []),
    receiptAtMs: (relayID) => writtenAtMs(receiptPrefix + relayID),
    writeReceipt: (relayID, key, { receipt, signature }) =>
      write(receiptPrefix, relayID, { key, receipt, signature }),
    contradictions: () => valuesOf(contradictionPrefix),
    contradiction: (relayID) => valueOf(contradictionPrefix + relayID),
    contradictionAtMs: (relayID) => writtenAtMs(contradictionPrefix + relayID),
    writeContradiction: (relayID, value) => write(contradictionPrefix, relayID, { ...value }),
  };
}
