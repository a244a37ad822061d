/** What an account signs for one request about its own data. Its type keeps it from signing in, and a sign-in from erasing. */
export const erasureProofType = 'maia-erasure-proof/1';

/** `preview`: counts what an erasure would take. */
export type ErasurePurpose = 'erase' | 'preview' | 'export';

export type ErasureProof = {
  readonly typ: typeof erasureProofType;
  readonly purpose: ErasurePurpose;
  /** Of `POST …/nonce?for=erasure`, for one request. */
  readonly nonce: string;
  /** The relay's address as the kernel dials it: scheme, host and path. */
  readonly audience: string;
  readonly accountID: string;
  /** The agents of the account's keyring entries, each of which signs the same proof. */
  readonly keyringAgentIDs: readonly string[];
};

/** The body of a request. */
export interface SignedErasureProof {
  readonly proof: ErasureProof;
  /** The account's first agent, from which its ID follows. */
  readonly agentID: string;
  /** The agent's signature of `proof`. */
  readonly signature: string;
  /** Those of the keyring agents, in their order. */
  readonly keyringSignatures: readonly string[];
}

/** More passkeys than anyone has. */
export const maxKeyringAgents = 100;

/** What stays, and why, for people. */
export interface KeptCoValue {
  readonly id: string;
  readonly why: string;
  /** Only its header stays, or the roles and keys of a group. */
  readonly withoutContent?: true;
}

/** What an erasure would do. */
export interface ErasurePreview {
  readonly coValues: number;
  readonly transactions: number;
  readonly bytes: number;
  readonly kept: readonly KeptCoValue[];
  /** For how many days backups have what is erased; null if the relay does not know. */
  readonly backupDays: number | null;
}

/** Times are in ISO 8601. */
export interface ErasureCertificate {
  readonly typ: 'maia-erasure/1';
  /** The Ed25519 key that signed it, as `signer_z` and base58. */
  readonly relay: string;
  readonly storageID: string;
  /** Null for the default namespace. */
  readonly appID: string | null;
  readonly accountID: string;
  readonly askedAt: string;
  readonly doneAt: string;
  readonly erased: { readonly coValues: number; readonly transactions: number; readonly bytes: number };
  readonly kept: readonly KeptCoValue[];
  /** Until then, backups have what was erased; null if the relay does not know. */
  readonly backupsUntil: string | null;
}

export interface SignedErasureCertificate {
  readonly certificate: ErasureCertificate;
  /** Of the certificate as JSON with sorted keys, as `signature_z` and base58. */
  readonly signature: string;
}
