import type { AgentSecret, RawCoMap } from 'cojson';
import { isRecord } from './sealed.ts';

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

const passkeyPrefix = 'passkey/';

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
