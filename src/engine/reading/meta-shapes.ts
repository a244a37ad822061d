import type { JsonObject } from 'cojson';
import { isCount } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';

// READ-2: the fields of a transaction's meta that cojson reads. The rest of it is the app's.

const isText = (value: unknown) => typeof value === 'string';

/** How many transactions of each session: of a branch's beginning, or of what was merged. */
function isCounts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isCount);
}

/** `mi`: the index of the transaction that this one repeats, of the session `s` in the branch `b`, made `t` ms before. */
const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  from: isCounts,
  merged: isCounts,
  branch: isText,
  ownerId: isText,
  fww: isText,
  mi: isCount,
  s: (value) => isText(value) && value.includes('_session_'),
  b: isText,
  t: (value) => Number.isFinite(value) && (value as number) >= 0,
};

/** They mean something together only. */
const mergeFields: readonly string[] = ['mi', 's', 'b', 't'];

/** Returns the meta without the fields that are malformed; undefined if it is no meta at all. */
export function readableMeta(meta: unknown): JsonObject | undefined {
  if (!isRecord(meta)) return undefined;
  const all = meta as JsonObject;
  const malformed: string[] = [];
  // Runs for each transaction.
  for (const name in all) if (!isReadable(name, all[name])) malformed.push(name);
  if (malformed.length === 0) return all;
  const isMerge = malformed.some((name) => mergeFields.includes(name));
  return without(all, isMerge ? [...malformed, ...mergeFields] : malformed);
}

export function withoutMerge(meta: JsonObject): JsonObject {
  return without(meta, mergeFields);
}

/** Names no branch that a reader may name. */
export function withoutPointer(meta: JsonObject): JsonObject {
  return 'ownerId' in meta ? without(meta, ['ownerId']) : meta;
}

function without(meta: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => !names.includes(name)));
}

function isReadable(name: string, value: unknown): boolean {
  return !Object.hasOwn(checks, name) || checks[name]?.(value) === true;
}
