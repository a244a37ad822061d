import { isAuthorID, isCoValueID, isKeyID, isSessionID, isSignature } from './ids.ts';
import { isCount, isShallow, parseJson } from '../base/json.ts';
import { isRecord, type JsonRecord } from '../base/record.ts';

const encryptedForm = /^encrypted_U[\w-]*={0,2}$/;

/** Headers that apps make take less than 1 kB. cojson sorts their keys to compute the ID, and keeps them in memory. */
const maxHeaderLength = 20_000;

/** The immutable header of a CoValue, sent in the first `content` message. cojson checks that its hash is the ID. */
export function isHeader(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value.type === 'string' &&
    isRuleset(value.ruleset) &&
    isHeaderMeta(value.meta) &&
    isUniqueness(value.uniqueness) &&
    isCreatedAt(value.createdAt) &&
    JSON.stringify(value).length <= maxHeaderLength
  );
}

/** `new` in a `content` message: each session's transactions after an index, and the signature up to the last one. */
export function isSessionContents(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.entries(value).every(([sessionID, content]) => isSessionID(sessionID) && isSessionContent(content))
  );
}

function isSessionContent(value: unknown): boolean {
  return (
    isRecord(value) &&
    isCount(value.after) &&
    Array.isArray(value.newTransactions) &&
    value.newTransactions.every(isTransaction) &&
    isCount(value.after + value.newTransactions.length) &&
    isSignature(value.lastSignature)
  );
}

function isTransaction(value: unknown): boolean {
  if (!isRecord(value) || !Number.isFinite(value.madeAt)) return false;
  if (value.privacy === 'private') return isPrivate(value);
  return value.privacy === 'trusting' && isTrusting(value);
}

function isPrivate({ keyUsed, encryptedChanges, meta }: JsonRecord): boolean {
  return isKeyID(keyUsed) && isEncrypted(encryptedChanges) && (meta === undefined || isEncrypted(meta));
}

/** cojson iterates over parsed changes unchecked: a bare number would throw in the middle of its work. */
function isTrusting({ changes, meta }: JsonRecord): boolean {
  return (
    typeof changes === 'string' &&
    Array.isArray(parseJson(changes)) &&
    (meta === undefined || (typeof meta === 'string' && isRecord(parseJson(meta))))
  );
}

function isEncrypted(value: unknown): boolean {
  return typeof value === 'string' && encryptedForm.test(value);
}

function isRuleset(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (value.type === 'group') return isAuthorID(value.initialAdmin);
  if (value.type === 'ownedByGroup') {
    const { restrictDeletion } = value;
    return (
      isCoValueID(value.group) && (restrictDeletion === undefined || typeof restrictDeletion === 'boolean')
    );
  }
  return value.type === 'unsafeAllowAll';
}

/** A branch names its origin in `source`, which cojson then loads. */
function isHeaderMeta(value: unknown): boolean {
  if (value === null) return true;
  return isRecord(value) && isShallow(value) && (value.source === undefined || isCoValueID(value.source));
}

function isUniqueness(value: unknown): boolean {
  if (isRecord(value)) return Object.values(value).every((part) => typeof part === 'string');
  return value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean';
}

function isCreatedAt(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.startsWith('2'));
}
