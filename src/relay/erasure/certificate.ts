import type { CryptoProvider } from 'cojson';
import type { KeptCoValue, SignedErasureCertificate } from '../../wire/erasure.ts';
import type { AgentIdentity } from '../config/agent-identity.ts';
import { agentOfStorage } from '../storage/agent-of-storage.ts';
import type { ErasureRow } from './erasure-rows.ts';

export interface CertificateOptions {
  readonly crypto: CryptoProvider;
  /** Undefined: a key of the storage signs, which all of its relays have. */
  readonly agent: AgentIdentity | undefined;
  readSecret(): Promise<string>;
  storageID(): string;
  readonly appID: string | undefined;
  readonly backupDays: number | undefined;
}

const dayMs = 86_400_000;

/** Signs what was erased. It names nothing that is gone but the account, which the asker has named. */
export async function signCertificate(
  row: ErasureRow,
  doneAtMs: number,
  options: CertificateOptions,
): Promise<SignedErasureCertificate> {
  const { crypto, appID, backupDays } = options;
  const { accountID, askedAtMs, coValues, transactions, bytes, kept } = row;
  const agentSecret =
    options.agent?.agentSecret ?? agentOfStorage(crypto, await options.readSecret(), 'maia-erasure');
  const certificate = {
    typ: 'maia-erasure/1',
    relay: crypto.getAgentSignerID(crypto.getAgentID(agentSecret)),
    storageID: options.storageID(),
    appID: appID ?? null,
    accountID,
    askedAt: new Date(askedAtMs).toISOString(),
    doneAt: new Date(doneAtMs).toISOString(),
    erased: { coValues, transactions, bytes },
    kept: (JSON.parse(kept) as KeptCoValue[]).map((one) => ({ ...one })),
    backupsUntil: backupDays === undefined ? null : new Date(doneAtMs + backupDays * dayMs).toISOString(),
  } as const;
  return {
    certificate,
    signature: crypto.sign(crypto.getAgentSignerSecret(agentSecret), certificate),
  };
}
