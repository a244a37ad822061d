import type { AgentSecret, RawCoMap } from 'cojson';
import { isRecord } from './records.ts';

/** What the account knows of one of its passkeys. Written once and never changed: what happens later has keys of its own, so that no clock decides. */
export interface PasskeyRecord {
  readonly credentialID: string;
  readonly label: string;
  readonly createdAtMs: number;
  /** The keyring's agent: with it any device of the account can find the entry, send it again, and remove it. */
  readonly removalSecret: AgentSecret;
  /** Which ceremony gave the PRF output. One seen in a single `get` may be wrong, and is not counted on elsewhere. */
  readonly prfFrom: 'create' | 'get';
}

/** A passkey that opens the account no more, with what finds and deletes its entry wherever it turns up again. */
export type Removal = Pick<PasskeyRecord, 'credentialID' | 'removalSecret'>;

const passkeyPrefix = 'passkey/';
/** A removal, kept for ever. */
const removedPrefix = 'removed/';
/** The passkey's PRF gave the same value a second time. */
const checkedPrefix = 'checked/';
/** Somebody was shown the recovery phrase, so the account may be opened without any passkey. */
const phraseRevealedKey = 'phraseRevealed';

/** Does nothing where the account knows the passkey. */
export function recordPasskey(kernelMap: RawCoMap, passkey: PasskeyRecord): void {
  const { credentialID, ...record } = passkey;
  const key = passkeyPrefix + credentialID;
  if (kernelMap.get(key) === undefined) kernelMap.set(key, { v: 1, ...record }, 'private');
}

/** All that this version can read; others are left alone. */
export function readPasskeys(kernelMap: RawCoMap): readonly PasskeyRecord[] {
  return kernelMap
    .keys()
    .filter((key) => key.startsWith(passkeyPrefix))
    .flatMap((key) => parsePasskey(key.slice(passkeyPrefix.length), kernelMap.get(key)) ?? []);
}

/** Those that open the account: what was removed once never counts again, whatever a clock says. */
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

/** All that this version can read. */
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
