import type { Content } from '../account/genesis.ts';
import { parseMadePasskey, type MadePasskey } from '../account/kernel-map.ts';
import { isRecord } from '../../base/record.ts';
import type { KnownCredential } from './credential-records.ts';
import type { VaultRecord } from './vault.ts';

export interface DeviceRecords {
  readonly accountID: string;
  /** Undefined if the user wants a tap at each start; an earlier vault is then deleted. */
  readonly vault: VaultRecord | undefined;
  /** This and `credential` are set if a passkey opened the account. */
  readonly keyring: KeyringCopy | undefined;
  readonly credential: KnownCredential | undefined;
}

/** A passkey's keyring entry as a relay has it, for signing in without a relay. */
export interface KeyringCopy {
  readonly v: 1;
  readonly mapID: string;
  readonly accountID: string;
  /** Owners first. */
  readonly content: readonly Content[];
  /** Same as in the vault, for a device without one. Absent for a passkey that was never used here. */
  readonly label?: string;
  readonly lastUsedAtMs?: number;
  /** The passkey's record, which the account may lack if a tab closed during a sign-up. */
  readonly made?: MadePasskey | undefined;
}

export function isKeyringCopy(value: unknown): value is KeyringCopy {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    typeof value['mapID'] === 'string' &&
    typeof value['accountID'] === 'string' &&
    Array.isArray(value['content']) &&
    value['content'].every(isContent)
  );
}

/** Returns undefined if `made` is absent or unreadable. */
export function madePasskeyIn({ made }: KeyringCopy): MadePasskey | undefined {
  const value: unknown = made;
  if (!isRecord(value) || typeof value['credentialID'] !== 'string') return undefined;
  return parseMadePasskey(value['credentialID'], value);
}

/** Checks only the shape, because cojson verifies the rest of any content. */
function isContent(value: unknown): value is Content {
  return (
    isRecord(value) &&
    value['action'] === 'content' &&
    typeof value['id'] === 'string' &&
    isRecord(value['header']) &&
    isRecord(value['new']) &&
    Object.values(value['new']).every(
      (session) =>
        isRecord(session) &&
        typeof session['after'] === 'number' &&
        typeof session['lastSignature'] === 'string' &&
        Array.isArray(session['newTransactions']) &&
        session['newTransactions'].every(isRecord),
    )
  );
}
