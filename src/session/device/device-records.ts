import type { Content } from '../account/genesis.ts';
import type { PasskeyRecord } from '../account/kernel-map.ts';
import { isRecord } from '../account/records.ts';
import type { KnownCredential } from './credential-records.ts';
import type { VaultRecord } from './vault.ts';

/** What is kept when an account was opened here. */
export interface DeviceRecords {
  readonly accountID: string;
  /** Undefined where the person wants a tap at each start: a vault from before goes. */
  readonly vault: VaultRecord | undefined;
  /** These two where a passkey opened it. */
  readonly keyring: KeyringCopy | undefined;
  readonly credential: KnownCredential | undefined;
}

/** A passkey's keyring entry as any relay has it, for signing in without one. */
export interface KeyringCopy {
  readonly v: 1;
  readonly mapID: string;
  readonly accountID: string;
  /** Owners first. */
  readonly content: readonly Content[];
  /** As in the vault, for a device that keeps none. Absent for a passkey that was never used here. */
  readonly label?: string;
  readonly lastUsedAtMs?: number;
  /** What the account may not know yet of this passkey, where a tab ended in the middle of a sign-up. */
  readonly made?: MadePasskey | undefined;
}

/** A passkey's record, without the secret: using the passkey gives that again. */
export type MadePasskey = Omit<PasskeyRecord, 'removalSecret'>;

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

/** Undefined where a record holds none that can be read. */
export function madePasskeyIn({ made }: KeyringCopy): MadePasskey | undefined {
  if (!isRecord(made)) return undefined;
  const { credentialID, label, createdAtMs, prfFrom } = made as Readonly<Record<string, unknown>>;
  if (typeof credentialID !== 'string' || typeof label !== 'string' || typeof createdAtMs !== 'number') {
    return undefined;
  }
  if (prfFrom !== 'create' && prfFrom !== 'get') return undefined;
  return { credentialID, label, createdAtMs, prfFrom };
}

/** Only the shape: cojson verifies the rest, as for content from anywhere. */
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
