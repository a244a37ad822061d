import { isRecord } from '../../base/record.ts';
import type { PasskeyBackup } from '../../platform/passkey-api.ts';

/** What the browser reported when a passkey was created. None of it is secret. */
export type PasskeyFacts = {
  readonly rpID: string;
  /** The random user ID of its registration, in base64url. */
  readonly userHandle: string;
  readonly transports: readonly string[];
  readonly aaguid?: string;
  /** Missing if the browser did not report it. */
  readonly backup?: PasskeyBackup;
};

/** Returns undefined unless all that is required is well-formed; an unreadable optional value is left out. */
export function parseFacts(value: unknown): PasskeyFacts | undefined {
  if (!isRecord(value)) return undefined;
  const { rpID, userHandle, transports, aaguid } = value;
  if (typeof rpID !== 'string' || typeof userHandle !== 'string') return undefined;
  if (!Array.isArray(transports) || !transports.every((each) => typeof each === 'string')) return undefined;
  const backup = parseBackup(value['backup']);
  return {
    rpID,
    userHandle,
    transports,
    ...(typeof aaguid === 'string' && { aaguid }),
    ...(backup && { backup }),
  };
}

export function parseBackup(value: unknown): PasskeyBackup | undefined {
  if (!isRecord(value)) return undefined;
  const { isEligible, isBackedUp } = value;
  if (typeof isEligible !== 'boolean' || typeof isBackedUp !== 'boolean') return undefined;
  return { isEligible, isBackedUp: isEligible && isBackedUp };
}

/** Replaces the backup flags by newer ones, if there are any. */
export function withBackup(facts: PasskeyFacts, backup: PasskeyBackup | undefined): PasskeyFacts {
  return backup ? { ...facts, backup } : facts;
}

const cableTransports = ['usb', 'nfc', 'ble', 'smart-card'];

/** A security key can be carried to another device. A phone also reports `internal` or `hybrid`. */
export function isOnSecurityKey({ transports }: PasskeyFacts): boolean {
  return transports.length > 0 && transports.every((transport) => cableTransports.includes(transport));
}
