import type { AgentSecret, RawCoMap } from 'cojson';
import { isRecord } from '../../base/record.ts';

/** Written once and never changed: later facts have their own keys, so that clocks never decide which version wins. */
export interface PasskeyRecord {
  readonly credentialID: string;
  readonly label: string;
  readonly createdAtMs: number;
  /** The secret of the keyring's agent, with which any device of the account can find, resend and remove the entry. */
  readonly removalSecret: AgentSecret;
  /** The source of the PRF output. A value from a single `get` may be wrong, so other devices do not rely on it yet. */
  readonly prfFrom: 'create' | 'get';
}

/** A passkey that no longer opens the account, with the data to find and delete its entry wherever it reappears. */
export type Removal = Pick<PasskeyRecord, 'credentialID' | 'removalSecret'>;

const passkeyPrefix = 'passkey/';
/** Marks a removal, which is kept forever. */
const removedPrefix = 'removed/';
/** Marks a passkey whose PRF returned the same value a second time. */
const checkedPrefix = 'checked/';
/** The recovery phrase was revealed, so the account can be opened without a passkey. */
const phraseRevealedKey = 'phraseRevealed';

/** Does nothing if the account already has a record of the passkey. */
export function recordPasskey(kernelMap: RawCoMap, passkey: PasskeyRecord): void {
  const { credentialID, ...record } = passkey;
  const key = passkeyPrefix + credentialID;
  if (kernelMap.get(key) === undefined) kernelMap.set(key, { v: 1, ...record }, 'private');
}

/** Returns the records that this version can read; the others stay unchanged. */
export function readPasskeys(kernelMap: RawCoMap): readonly PasskeyRecord[] {
  return kernelMap
    .keys()
    .filter((key) => key.startsWith(passkeyPrefix))
    .flatMap((key) => parsePasskey(key.slice(passkeyPrefix.length), kernelMap.get(key)) ?? []);
}

/** Returns the passkeys that open the account. A removal is final, regardless of timestamps. */
export function livePasskeys(kernelMap: RawCoMap): readonly PasskeyRecord[] {
  return readPasskeys(kernelMap).filter(({ credentialID }) => !isRemoved(kernelMap, credentialID));
}

export function recordRemoval(kernelMap: RawCoMap, { credentialID, removalSecret }: Removal): void {
  if (isRemoved(kernelMap, credentialID)) return;
  kernelMap.set(removedPrefix + credentialID, { v: 1, removalSecret }, 'private');
}

export function isRemoved(kernelMap: RawCoMap, credentialID: string): boolean {
  return kernelMap.get(removedPrefix + credentialID) !== undefined;
}

/** Skips removals that this version cannot read. */
export function readRemovals(kernelMap: RawCoMap): readonly Removal[] {
  return kernelMap
    .keys()
    .filter((key) => key.startsWith(removedPrefix))
    .flatMap((key) => {
      const value: unknown = kernelMap.get(key);
      const removalSecret = isRecord(value) ? value['removalSecret'] : undefined;
      const credentialID = key.slice(removedPrefix.length);
      return isAgentSecret(removalSecret) ? { credentialID, removalSecret } : [];
    });
}

export function recordChecked(kernelMap: RawCoMap, credentialID: string): void {
  if (!isChecked(kernelMap, credentialID)) kernelMap.set(checkedPrefix + credentialID, { v: 1 }, 'private');
}

export function isChecked(kernelMap: RawCoMap, credentialID: string): boolean {
  return kernelMap.get(checkedPrefix + credentialID) !== undefined;
}

export function recordPhraseRevealed(kernelMap: RawCoMap): void {
  if (!isPhraseRevealed(kernelMap)) kernelMap.set(phraseRevealedKey, { v: 1 }, 'private');
}

export function isPhraseRevealed(kernelMap: RawCoMap): boolean {
  return kernelMap.get(phraseRevealedKey) !== undefined;
}

export function parsePasskey(credentialID: string, value: unknown): PasskeyRecord | undefined {
  if (!isRecord(value)) return undefined;
  const { v, label, createdAtMs, removalSecret, prfFrom } = value;
  if (v !== 1 || typeof label !== 'string' || typeof createdAtMs !== 'number') return undefined;
  if (!isAgentSecret(removalSecret) || (prfFrom !== 'create' && prfFrom !== 'get')) return undefined;
  return { credentialID, label, createdAtMs, removalSecret, prfFrom };
}

function isAgentSecret(value: unknown): value is AgentSecret {
  return typeof value === 'string' && /^sealerSecret_z\w+\/signerSecret_z\w+$/.test(value);
}
