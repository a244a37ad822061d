import type { NotCountedReason } from './not-counted-reason.ts';
import type { Role } from './role.ts';

/** Why a request failed. Temporary conditions (offline, retrying) are states, not errors. */
export type KernelErrorCode =
  // passkey and account
  | 'PASSKEY_UNSUPPORTED'
  | 'PASSKEY_PRF_UNAVAILABLE'
  | 'PASSKEY_REFUSED'
  | 'PASSKEY_INVALID_RP_ID'
  | 'PASSKEY_ALREADY_HERE'
  | 'PASSKEY_REMOVED'
  | 'PASSKEY_ORPHANED'
  | 'PASSKEY_LAST'
  | 'ACCOUNT_NOT_FOUND'
  | 'ACCOUNT_INVALID'
  | 'PHRASE_INVALID'
  | 'SEED_UNKNOWN'
  | 'VAULT_DAMAGED'
  | 'VAULT_TOO_NEW'
  | 'SESSION_CLOSED'
  | 'SESSION_TAKEN'
  | 'UNSYNCED_CHANGES'
  // values
  | 'CO_VALUE_NOT_FOUND'
  | 'CO_VALUE_FORBIDDEN'
  | 'CO_VALUE_DELETED'
  | 'CO_VALUE_UNREADABLE'
  | 'WRITE_FORBIDDEN'
  | 'EDIT_NOT_COUNTED'
  | 'VALUE_TOO_LARGE'
  | 'KEY_RESERVED'
  | 'FILE_UNREADABLE'
  | 'INVITE_INVALID'
  | 'SHARE_FORBIDDEN'
  // device storage
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_FULL'
  | 'STORAGE_CLOSED'
  | 'STORAGE_BLOCKED'
  | 'STORAGE_TOO_NEW'
  | 'STORAGE_WRITE_FAILED'
  // relay
  | 'SYNC_URL_INVALID'
  | 'RELAY_UNREACHABLE'
  | 'RELAY_NOT_A_RELAY'
  | 'RELAY_SILENT'
  | 'RELAY_REFUSED'
  | 'RELAY_UNAUTHORIZED'
  | 'RELAY_LIMIT'
  | 'RELAY_QUOTA'
  | 'RELAY_CONTRADICTION'
  | 'APP_OUTDATED'
  | 'MESSAGE_INVALID'
  | 'MESSAGE_TOO_LARGE'
  | 'SYNC_OFF'
  | 'SYNC_ALREADY_RUNNING'
  | 'DURABILITY_NOT_OFFERED'
  // running a relay
  | 'RELAY_SETTING_INVALID'
  | 'RELAY_PORT_TAKEN'
  | 'RELAY_STORAGE_LOCKED'
  | 'RELAY_STORAGE_TOO_NEW'
  | 'RELAY_STORAGE_FAILED'
  | 'RELAY_PACKAGE_MISSING'
  // general
  | 'KERNEL_NOT_LOADED'
  | 'COJSON_DUPLICATED'
  | 'TIMEOUT'
  | 'ABORTED';

/** Why a load ended at its time limit: a relay is not connected, a connected one has not answered, or there is none. */
export type LoadDelay = 'offline' | 'no-answer' | 'sync-off';

/** Why a relay refused. `unknown`: a code of a later version, for which a retry does not help. */
export type RefusalCode =
  | 'invalid'
  | 'too-large'
  | 'limit'
  | 'unauthorized'
  | 'expired'
  | 'forbidden'
  | 'outdated'
  | 'fork'
  | 'clock'
  | 'quota'
  | 'storage'
  | 'draining'
  | 'unknown';

/** The details of an error that a refusal caused. */
export type RefusalDetails = {
  readonly refusal: RefusalCode;
  /** In the relay's words. */
  readonly reason: string;
  /** The CoValue that was refused. Absent if the connection was. */
  readonly id?: string;
};

/** Typed details by code; more codes will be added. Apps must not rely on the details of other codes. */
export interface KernelErrorDetails {
  /** The new passkey, which belongs to no account. */
  PASSKEY_ORPHANED: { readonly credentialID: string; readonly label: string };
  /** The new passkey, if one was created; it cannot open anything. */
  PASSKEY_PRF_UNAVAILABLE: { readonly credentialID?: string; readonly label?: string };
  /** True if the account was signed out in another tab; any other end leaves the device's data unchanged. */
  SESSION_CLOSED: { readonly isSignedOut?: boolean };
  CO_VALUE_NOT_FOUND: { readonly id: string };
  CO_VALUE_FORBIDDEN: { readonly id: string; readonly groupID: string; readonly role: Role | undefined };
  CO_VALUE_DELETED: { readonly id: string };
  CO_VALUE_UNREADABLE: { readonly id: string };
  /** `id`: the CoValue or, if it was not created yet, its group. */
  WRITE_FORBIDDEN: { readonly id: string; readonly role: Role | undefined };
  /** The CoValues, and why the edits do not count, each once. */
  EDIT_NOT_COUNTED: { readonly ids: readonly string[]; readonly reasons: readonly NotCountedReason[] };
  /** Without `id` if the CoValue was to be created. */
  VALUE_TOO_LARGE: { readonly id?: string; readonly bytes: number; readonly limitBytes: number };
  /** Without `id` if the CoValue was to be created. */
  KEY_RESERVED: { readonly id?: string; readonly key: string };
  SHARE_FORBIDDEN: { readonly id: string; readonly role: Role | undefined };
  INVITE_INVALID: { readonly reason: 'form' | 'unknown' | 'revoked' };
  UNSYNCED_CHANGES: { readonly count: number; readonly ids: readonly string[] };
  /** `positions`: the positions, counted from 1, of the words that are not in the word list. */
  PHRASE_INVALID: {
    readonly reason: 'length' | 'word' | 'checksum';
    readonly positions: readonly number[];
  };
  /** `because`: from `session.load`. `rung`: from a wait for a rung. */
  TIMEOUT: {
    readonly id?: string;
    readonly timeoutMs?: number;
    readonly because?: LoadDelay;
    readonly rung?: 'saved' | 'sent' | 'confirmed' | 'durable';
  };
  /** `isReading`: reading failed, not writing. */
  STORAGE_WRITE_FAILED: { readonly isReading?: true | undefined };
  APP_OUTDATED: { readonly required: string; readonly have?: string };
  /** Of the relay whose signatures prove it. The event `lost` has these. */
  RELAY_CONTRADICTION: { readonly peerID: string; readonly why: 'rollback' | 'split-view' };
  RELAY_REFUSED: RefusalDetails;
  RELAY_LIMIT: RefusalDetails;
  RELAY_QUOTA: RefusalDetails;
  /** `needsOtherAuth`: the app has to pass another `auth`, or its `token` to return something else. */
  RELAY_UNAUTHORIZED: Partial<RefusalDetails> & { readonly needsOtherAuth?: true };
  /** Has `bytes` if this device held back the message, and `refusal` if the relay refused it. */
  MESSAGE_TOO_LARGE: ServerAnswer &
    Partial<RefusalDetails> & { readonly bytes?: number; readonly limit?: number };
  RELAY_UNREACHABLE: ServerAnswer & Partial<RefusalDetails> & { readonly byFaultPlan?: true };
  /** `isEcho`: the server sent back what it received. */
  RELAY_NOT_A_RELAY: ServerAnswer & { readonly isEcho?: boolean };
  /** An optional peer of this package, and the command that installs it. */
  RELAY_PACKAGE_MISSING: { readonly package: string; readonly install: string };
}

/** What a server answered over HTTP. A custom transport may add details. */
export interface ServerAnswer {
  /** 0: the server answered, but does not let the page read the answer. Absent if no server answered. */
  readonly status?: number;
  /** The media type of its answer. */
  readonly type?: string | undefined;
  readonly [detail: string]: unknown;
}

type DetailsOf<C extends KernelErrorCode> = C extends keyof KernelErrorDetails
  ? KernelErrorDetails[C]
  : Readonly<Record<string, unknown>>;

/** A failed request: a code to branch on, a message that says what to do, and the original cause. */
export interface KernelError<C extends KernelErrorCode = KernelErrorCode> extends Error {
  readonly name: 'KernelError';
  readonly code: C;
  readonly cause?: unknown;
  readonly docsUrl: string;
  readonly details: DetailsOf<C>;
}

// Recognizes errors created by another copy of this package, which `instanceof` would not.
const mark = Symbol.for('@MaiaOS/kernel/KernelError');

/** `message` is one or two sentences: what happened, then what to do. Never put secrets in it or in `details`. */
export function createKernelError<C extends KernelErrorCode>(
  code: C,
  message: string,
  options: { readonly cause?: unknown; readonly details?: DetailsOf<C> } = {},
): KernelError<C> {
  const error = new Error(message, 'cause' in options ? { cause: options.cause } : undefined);
  return Object.assign(error, {
    name: 'KernelError' as const,
    code,
    docsUrl: `https://github.com/MaiaOS/kernel/blob/main/docs/errors.md#${code.toLowerCase()}`,
    details: options.details ?? ({} as DetailsOf<C>),
    [mark]: true,
  });
}

/** True for an error of this kernel. Given `code`, true only for that code, which also types `details`. */
export function isKernelError<C extends KernelErrorCode = KernelErrorCode>(
  error: unknown,
  code?: C,
): error is KernelError<C> {
  return (
    error instanceof Error &&
    mark in error &&
    (code === undefined || ('code' in error && error.code === code))
  );
}
