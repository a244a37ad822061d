import { isRecord } from '../account/records.ts';

/** An account that this device can open, with a tap or without one. */
export interface KnownAccount {
  readonly accountID: string;
  /** As it was called when it was made or first opened here; its ID where that cannot be read. */
  readonly label: string;
  /** 0 where that cannot be read. */
  readonly lastUsedAtMs: number;
}

/**
 * From vaults and copies of passkeys' entries, last used first. One that is damaged, or of a newer version, still names
 * its account: nobody's account disappears because this version cannot read it.
 */
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
