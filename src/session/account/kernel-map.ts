import type { AgentSecret, LocalNode, RawCoID, RawCoMap } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import type { PasskeyBackup } from '../../platform/passkey-api.ts';
import { parseBackup, parseFacts, type PasskeyFacts } from './passkey-facts.ts';
import { isNewerThanVersion1 } from './version-1.ts';

/** Written once and never changed: later facts have their own keys, so that clocks never decide which version wins. */
export interface PasskeyRecord {
  readonly credentialID: string;
  readonly label: string;
  readonly createdAtMs: number;
  /** The secret of the keyring's agent, with which any device of the account can find, resend and remove the entry. */
  readonly removalSecret: AgentSecret;
  /** The source of the PRF output. A value from a single `get` may be wrong, so other devices do not rely on it yet. */
  readonly prfFrom: 'create' | 'get';
  /** Records of earlier versions lack it. */
  readonly facts?: PasskeyFacts;
}

/** A passkey's record without its secret, which is derived again whenever the passkey is used. */
export type MadePasskey = Omit<PasskeyRecord, 'removalSecret'>;

/** A passkey that no longer opens the account, with the data to find and delete its entry wherever it reappears. */
export type Removal = Pick<PasskeyRecord, 'credentialID' | 'removalSecret'>;

const passkeyPrefix = 'passkey/';
/** Marks a removal, which is kept forever. */
const removedPrefix = 'removed/';
/** Marks a passkey whose PRF returned the same value a second time. */
const checkedPrefix = 'checked/';
/** A passkey's backup flags, as a ceremony reported them last. The only value that changes: the latest edit wins. */
const backupPrefix = 'backup/';
/** The app has received the recovery phrase, to show it. */
const phraseRevealedKey = 'phraseRevealed';
/** The user has typed the recovery phrase, so the account can be opened without a passkey. */
const phraseKeptKey = 'phraseKept';

export function kernelMapIn(node: LocalNode, kernelMapID: RawCoID): RawCoMap {
  return node.expectCoValueLoaded(kernelMapID).getCurrentContent() as RawCoMap;
}

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
  recordFact(kernelMap, checkedPrefix + credentialID);
}

export function isChecked(kernelMap: RawCoMap, credentialID: string): boolean {
  return isFact(kernelMap, checkedPrefix + credentialID);
}

/** Does nothing without a record of the passkey, or if the flags are recorded already. */
export function recordBackup(kernelMap: RawCoMap, credentialID: string, backup: PasskeyBackup): void {
  const passkey = readPasskeys(kernelMap).find((known) => known.credentialID === credentialID);
  if (!passkey || isEqual(backupOf(kernelMap, passkey), backup)) return;
  const key = backupPrefix + credentialID;
  if (!isNewerThanVersion1(kernelMap.get(key))) kernelMap.set(key, { v: 1, ...backup }, 'private');
}

/** Undefined if no ceremony has reported the flags, or if they cannot be read. */
export function backupOf(
  kernelMap: RawCoMap,
  { credentialID, facts }: PasskeyRecord,
): PasskeyBackup | undefined {
  const latest: unknown = kernelMap.get(backupPrefix + credentialID);
  if (latest === undefined) return facts?.backup;
  return isRecord(latest) && latest['v'] === 1 ? parseBackup(latest) : undefined;
}

export function recordPhraseRevealed(kernelMap: RawCoMap): void {
  recordFact(kernelMap, phraseRevealedKey);
}

export function isPhraseRevealed(kernelMap: RawCoMap): boolean {
  return isFact(kernelMap, phraseRevealedKey) || isPhraseKept(kernelMap);
}

export function recordPhraseKept(kernelMap: RawCoMap): void {
  recordFact(kernelMap, phraseKeptKey);
}

export function isPhraseKept(kernelMap: RawCoMap): boolean {
  return isFact(kernelMap, phraseKeptKey);
}

/** Replaces a value that no version can read. */
function recordFact(kernelMap: RawCoMap, key: string): void {
  if (isFact(kernelMap, key) || isNewerThanVersion1(kernelMap.get(key))) return;
  kernelMap.set(key, { v: 1 }, 'private');
}

function isFact(kernelMap: RawCoMap, key: string): boolean {
  const value: unknown = kernelMap.get(key);
  return isRecord(value) && value['v'] === 1;
}

export function parsePasskey(credentialID: string, value: unknown): PasskeyRecord | undefined {
  if (!isRecord(value)) return undefined;
  const { v, removalSecret } = value;
  const made = parseMadePasskey(credentialID, value);
  return made && v === 1 && isAgentSecret(removalSecret) ? { ...made, removalSecret } : undefined;
}

export function parseMadePasskey(credentialID: string, value: JsonRecord): MadePasskey | undefined {
  const { label, createdAtMs, prfFrom } = value;
  if (typeof label !== 'string' || typeof createdAtMs !== 'number') return undefined;
  if (prfFrom !== 'create' && prfFrom !== 'get') return undefined;
  const facts = parseFacts(value['facts']);
  return { credentialID, label, createdAtMs, prfFrom, ...(facts && { facts }) };
}

function isAgentSecret(value: unknown): value is AgentSecret {
  return typeof value === 'string' && /^sealerSecret_z\w+\/signerSecret_z\w+$/.test(value);
}
