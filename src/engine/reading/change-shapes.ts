import type { JsonValue } from 'cojson';
import { isCount } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';

// READ-1: the changes that cojson can apply. Anyone who may write can sign any JSON, and on most of it cojson throws, so that
// nobody can read the CoValue any more.

/** What decides the form of the changes, from a CoValue's header. */
export interface ChangedValue {
  readonly type: string;
  /** Its chunks are items of a stream. */
  readonly isFile: boolean;
}

/**
 * Returns the changes that can be applied; undefined if the transaction is malformed. A map's keys that every object has
 * are left out: cojson keeps a map's edits in an object.
 */
export function readableChanges(value: ChangedValue, changes: unknown): JsonValue[] | undefined {
  if (!Array.isArray(changes)) return undefined;
  const all = changes as JsonValue[];
  if (value.type === 'comap') {
    if (!all.every(isMapChange)) return undefined;
    return all.every(hasOwnKey) ? all : all.filter(hasOwnKey);
  }
  return all.every(changeChecks[value.type] ?? (value.isFile ? isFileItem : isAny)) ? all : undefined;
}

/** Whether a map can have the key. */
export function isMapKey(key: string): boolean {
  return !(key in Object.prototype);
}

const changeChecks: Readonly<Record<string, ((change: unknown) => boolean) | undefined>> = {
  colist: isListChange,
  coplaintext: isTextChange,
};

const isAny = () => true;

function isMapChange(change: unknown): boolean {
  return (
    isRecord(change) &&
    typeof change['key'] === 'string' &&
    (change['op'] === 'set' || change['op'] === 'del')
  );
}

function hasOwnKey(change: JsonValue): boolean {
  return isMapKey((change as { readonly key: string }).key);
}

function isListChange(change: unknown): boolean {
  if (!isRecord(change)) return false;
  const { op, after, before, insertion } = change;
  if (op === 'app') return after === 'start' || isItemID(after);
  if (op === 'pre') return before === 'end' || isItemID(before);
  return op === 'del' && isItemID(insertion);
}

function isTextChange(change: unknown): boolean {
  return (
    isListChange(change) &&
    ((change as { op: string }).op === 'del' || typeof (change as { value: unknown }).value === 'string')
  );
}

/** cojson keeps a list's items in objects by session, transaction and change. */
function isItemID(id: unknown): boolean {
  if (!isRecord(id)) return false;
  const { sessionID, txIndex, changeIdx, branch } = id;
  const isPlace =
    typeof sessionID === 'string' &&
    sessionID.includes('_session_') &&
    isCount(txIndex) &&
    isCount(changeIdx);
  return isPlace && (branch === undefined || typeof branch === 'string');
}

const chunkForm = /^binary_U([\w-]*)={0,2}$/;

function isFileItem(item: unknown): boolean {
  if (!isRecord(item)) return false;
  const { type, chunk, mimeType, fileName, totalSizeBytes } = item;
  if (type === 'chunk') return typeof chunk === 'string' && isChunk(chunk);
  if (type !== 'start') return true;
  const isNamed = fileName === undefined || typeof fileName === 'string';
  const isSized = totalSizeBytes === undefined || typeof totalSizeBytes === 'number';
  return typeof mimeType === 'string' && isNamed && isSized;
}

/** No text of base64 has a single character behind the last four. */
function isChunk(chunk: string): boolean {
  const [, encoded] = chunkForm.exec(chunk) ?? [];
  return encoded !== undefined && encoded.length % 4 !== 1;
}
