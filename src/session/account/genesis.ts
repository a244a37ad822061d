import { base58 } from '@scure/base';
import {
  cojsonInternals,
  LocalNode,
  type AgentSecret,
  type AvailableCoValueCore,
  type CojsonInternalTypes,
  type CoValueHeader,
  type JsonValue,
  type RawAccountID,
  type RawCoID,
} from 'cojson';
import { deriveBytes, importBaseKey } from './derive.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import { createSessionCrypto, type SessionCrypto } from '../../engine/session-crypto.ts';
import { genesisTimeMs, genesisSession, seedInfo, uniqueness } from './version-1.ts';

export type Content = CojsonInternalTypes.NewContentMessage;

export interface Genesis {
  readonly accountID: RawAccountID;
  readonly agentSecret: AgentSecret;
  /** The kernel's own map: passkeys and their removals. Private to the account. */
  readonly kernelMapID: RawCoID;
  /** How much `content` has of each CoValue. */
  readonly counts: ReadonlyMap<RawCoID, KnownCounts>;
  /**
   * The account, its profile with its own private group, its root, and the kernel's map; owners first. Each call signs it,
   * which takes longer than all else at the start, and a device that stores it does not need it.
   */
  content(): Promise<readonly Content[]>;
}

export const seedLength = 32;

/** Deterministic to the byte: any device opens the account offline, and no two devices create diverging copies. */
export async function createGenesis(
  crypto: SessionCrypto,
  subtle: SubtleCrypto,
  seed: Uint8Array<ArrayBuffer>,
): Promise<Genesis> {
  const keys = await deriveReadKeys(subtle, seed);
  const agentSecret = crypto.agentSecretFromSecretSeed(seed);
  const accountID = accountIDFor(crypto, agentSecret);
  const headers = headersOf(crypto, agentSecret, accountID);
  const idOf = (header: CoValueHeader) => cojsonInternals.idforHeader(header, crypto);
  // In cojson the agent writes the account's own transactions, and the account writes all others.
  const counts: readonly (readonly [RawCoID, KnownCounts])[] = [
    [accountID, { header: 1, [`${crypto.getAgentID(agentSecret)}_${genesisSession}`]: 5 }],
    [idOf(headers.profileGroup), { header: 1, [`${accountID}_${genesisSession}`]: 4 }],
    ...[headers.profile, headers.root, headers.kernelMap].map(
      (header) => [idOf(header), { header: 1 }] as const,
    ),
  ];
  return {
    accountID,
    agentSecret,
    kernelMapID: idOf(headers.kernelMap),
    counts: new Map(counts),
    content: () => signContent({ agentSecret, accountID, headers, keys }),
  };
}

function headersOf(crypto: SessionCrypto, agentSecret: AgentSecret, accountID: RawAccountID) {
  const profileGroup: CoValueHeader = {
    type: 'comap',
    ruleset: { type: 'group', initialAdmin: accountID },
    meta: null,
    uniqueness: uniqueness.profileGroup,
  };
  return {
    account: cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto),
    profileGroup,
    profile: mapHeader(cojsonInternals.idforHeader(profileGroup, crypto), uniqueness.profile),
    root: mapHeader(accountID, uniqueness.root),
    kernelMap: mapHeader(accountID, uniqueness.kernelMap),
  };
}

async function signContent(parts: {
  readonly agentSecret: AgentSecret;
  readonly accountID: RawAccountID;
  readonly headers: ReturnType<typeof headersOf>;
  readonly keys: Awaited<ReturnType<typeof deriveReadKeys>>;
}): Promise<readonly Content[]> {
  const { agentSecret, accountID, headers, keys } = parts;
  // The session's own dates and checks edits by the session's node.
  const crypto = await createSessionCrypto();
  const node = new LocalNode(agentSecret, `${accountID}_${genesisSession}`, crypto);

  const account = node.createCoValue(headers.account);
  const agentID = crypto.getAgentID(agentSecret);
  set(account, agentID, 'admin');
  setReadKey(account, agentID, keys.account);

  const profileGroup = node.createCoValue(headers.profileGroup);
  set(profileGroup, accountID, 'admin');
  setReadKey(profileGroup, accountID, keys.profile);
  const sealer = crypto.groupSealerFromReadKey(keys.profile.secret);
  set(profileGroup, 'groupSealer', `${keys.profile.id}@${sealer.publicKey}`);

  const profile = node.createCoValue(headers.profile);
  const root = node.createCoValue(headers.root);
  const kernelMap = node.createCoValue(headers.kernelMap);
  set(account, 'profile', profile.id);
  set(account, 'root', root.id);

  return [account, profileGroup, profile, root, kernelMap].flatMap((core) => core.newContentSince() ?? []);

  function set(core: AvailableCoValueCore, key: string, value: JsonValue): void {
    core.makeTransaction([{ op: 'set', key, value }], 'trusting', undefined, genesisTimeMs);
  }

  function setReadKey(owner: AvailableCoValueCore, reader: string, key: ReadKey): void {
    const sealed = crypto.seal({
      message: key.secret,
      from: crypto.getAgentSealerSecret(agentSecret),
      to: crypto.getAgentSealerID(agentID),
      nOnceMaterial: { in: owner.id, tx: owner.nextTransactionID() },
    });
    set(owner, `${key.id}_for_${reader}`, sealed);
    set(owner, 'readKey', key.id);
  }
}

export function accountIDFor(crypto: SessionCrypto, agentSecret: AgentSecret): RawAccountID {
  const header = cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto);
  return cojsonInternals.idforHeader(header, crypto) as RawAccountID;
}

export function mapHeader(owner: RawCoID, mapUniqueness: string): CoValueHeader {
  return {
    type: 'comap',
    ruleset: { type: 'ownedByGroup', group: owner },
    meta: null,
    uniqueness: mapUniqueness,
  };
}

interface ReadKey {
  readonly id: `key_z${string}`;
  readonly secret: CojsonInternalTypes.KeySecret;
}

async function deriveReadKeys(subtle: SubtleCrypto, seed: Uint8Array<ArrayBuffer>) {
  const baseKey = await importBaseKey(subtle, seed);
  const readKey = async (idInfo: string, secretInfo: string): Promise<ReadKey> => {
    const [id, secret] = await Promise.all([
      deriveBytes(subtle, baseKey, idInfo, 12),
      deriveBytes(subtle, baseKey, secretInfo, 32),
    ]);
    return { id: `key_z${base58.encode(id)}`, secret: `keySecret_z${base58.encode(secret)}` };
  };
  const [account, profile] = await Promise.all([
    readKey(seedInfo.accountReadKeyID, seedInfo.accountReadKey),
    readKey(seedInfo.profileReadKeyID, seedInfo.profileReadKey),
  ]);
  return { account, profile };
}
