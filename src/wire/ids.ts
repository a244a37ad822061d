import type { AgentID, RawCoID, SessionID } from 'cojson';

// The base58 lengths of keys and signatures follow from cojson's sizes, 32 and 64 bytes. The length of an ID is only
// bounded, so that a mistyped ID is "not found" and does not break the connection.
const base58 = '[1-9A-HJ-NP-Za-km-z]';
const coValueID = `co_z${base58}{1,64}`;
const agentID = `sealer_z${base58}{32,44}/signer_z${base58}{32,44}`;

const coValueIDForm = new RegExp(`^${coValueID}$`);
const authorForm = new RegExp(`^(?:${coValueID}|${agentID})$`);
const sessionIDForm = new RegExp(
  `^(?:${coValueID}|${agentID})_session_(?:z${base58}{1,64}|d${base58}{1,64}\\$)$`,
);
const signatureForm = new RegExp(`^signature_z${base58}{64,88}$`);
const keyIDForm = new RegExp(`^key_z${base58}{1,64}$`);

/** Checks only the form. Use it on IDs from user input and links before loading them. */
export function isCoValueID(value: unknown): value is RawCoID {
  return typeof value === 'string' && coValueIDForm.test(value);
}

/** An account's ID, or an agent's for content from before the account existed. */
export function isAuthorID(value: unknown): value is RawCoID | AgentID {
  return typeof value === 'string' && authorForm.test(value);
}

/** Includes the sessions ending in `$` in which deletions are written. */
export function isSessionID(value: unknown): value is SessionID {
  return typeof value === 'string' && sessionIDForm.test(value);
}

export function isSignature(value: unknown): value is string {
  return typeof value === 'string' && signatureForm.test(value);
}

export function isKeyID(value: unknown): value is string {
  return typeof value === 'string' && keyIDForm.test(value);
}
