import { isRecord } from '../../base/record.ts';

/** An account that this device can open, with or without a tap. */
export interface KnownAccount {
  readonly accountID: string;
  /** The name it was given when it was created or first opened here; its ID if the name is unreadable. */
  readonly label: string;
  /** 0 if the time is unreadable. */
  readonly lastUsedAtMs: number;
}

/** Last used first. Includes accounts of damaged or newer records, so that none disappears because it is unreadable. */
export function knownAccounts(records: readonly unknown[]): readonly KnownAccount[] {
  const byID = new Map<string, KnownAccount>();
  for (const record of records) {
    if (!isRecord(record) || typeof record['accountID'] !== 'string') continue;
    const { accountID, label, lastUsedAtMs } = record;
    const known = byID.get(accountID);
    const hasLabel = known !== undefined && known.label !== accountID;
    byID.set(accountID, {
      accountID,
      label: hasLabel ? known.label : typeof label === 'string' ? label : accountID,
      lastUsedAtMs: Math.max(known?.lastUsedAtMs ?? 0, typeof lastUsedAtMs === 'number' ? lastUsedAtMs : 0),
    });
  }
  return [...byID.values()].toSorted((one, other) => other.lastUsedAtMs - one.lastUsedAtMs);
}
