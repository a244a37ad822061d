import type { Content } from './genesis.ts';
import { isRecord } from './sealed.ts';
import type { VaultRecord } from './vault.ts';

/** What is kept when a passkey was used here. */
export interface DeviceRecords {
  readonly vault: VaultRecord;
  readonly keyring: KeyringCopy;
  readonly credential: KnownCredential;
}

/** A passkey's keyring entry as any relay has it, for signing in without one. */
export interface KeyringCopy {
  readonly v: 1;
  readonly mapID: string;
  readonly accountID: string;
  /** Owners first. */
  readonly content: readonly Content[];
}

/** A passkey that was used here. It stays after sign-out, so that nobody makes a second account by mistake. */
export interface KnownCredential {
  readonly v: 1;
  readonly credentialID: string;
  readonly accountID: string;
  readonly rpID: string;
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

export function isKnownCredential(value: unknown): value is KnownCredential {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    typeof value['credentialID'] === 'string' &&
    typeof value['accountID'] === 'string' &&
    typeof value['rpID'] === 'string'
  );
}
