import type { CojsonInternalTypes, RawCoID } from 'cojson';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { isCoValueID, isSessionID } from '../../wire/ids.ts';
import { isCount, isJsonRecord, type JsonRecord } from '../../base/json.ts';
import { assertSyncMessage } from '../../wire/sync-message.ts';
import type { Coverage } from '../../engine/known-counts.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** What tabs of one account tell each other of its content. `from` is the id of the session that speaks. */
export type TabMessage = { readonly v: 1; readonly from: string } & (
  | { readonly kind: 'hello' | 'here' }
  /** Frozen by the browser, it may be back; otherwise it is closed, reloaded or left for another page. */
  | { readonly kind: 'bye'; readonly isFrozen?: boolean }
  /** Stands on this device, in the database of this kind. */
  | {
      readonly kind: 'saved';
      readonly kept: StorageStatus['kind'];
      readonly coValues: readonly SavedCoValue[];
    }
  /** A relay said that it has so much; `storage` is how it called itself then. */
  | {
      readonly kind: 'confirmed';
      readonly relayID: string;
      readonly storage: string | undefined;
      readonly coValues: readonly ConfirmedCoValue[];
    }
  /** Was sent to a relay, of what other tabs have written. */
  | { readonly kind: 'sent'; readonly relayID: string; readonly coValues: readonly SentCoValue[] }
  /** What could not be saved. */
  | { readonly kind: 'content'; readonly contents: readonly NewContent[] }
);
export type SavedCoValue = readonly [id: RawCoID, coverage: Coverage, isUnconfirmed: boolean];
/** Unmarked: who says it has taken away the mark of what is unconfirmed. */
export type ConfirmedCoValue = readonly [id: RawCoID, coverage: Coverage, isUnmarked: boolean];

export type SentCoValue = readonly [id: RawCoID, coverage: Coverage];

/** Of one message. */
export const mostCoValues = 1_000;
export const mostContents = 100;
const mostSessions = 10_000;

/**
 * Undefined for what another version of the kernel says, and for what is malformed: any page of the origin can post. Content
 * is checked as if it came from the wire; what fails there is left out.
 */
export function readTabMessage(value: unknown): TabMessage | undefined {
  if (!isJsonRecord(value) || value.v !== 1 || !isSessionID(value.from)) return undefined;
  const { from, kind } = value;
  if (kind === 'hello' || kind === 'here' || kind === 'bye') return { v: 1, from, kind };
  if (kind === 'saved') return readSaved(from, value);
  if (kind === 'confirmed') return readConfirmed(from, value);
  if (kind === 'sent') return readSent(from, value);
  if (kind !== 'content' || !isListUpTo(value.contents, mostContents)) return undefined;
  return { v: 1, from, kind, contents: value.contents.filter(isContent) };
}

function readSaved(from: string, { kept, coValues }: JsonRecord): TabMessage | undefined {
  if (kept !== 'kernel' && kept !== 'cojson-indexeddb' && kept !== 'custom') return undefined;
  if (!isListUpTo(coValues, mostCoValues) || !coValues.every(isOfCoValue)) return undefined;
  return { v: 1, from, kind: 'saved', kept, coValues };
}

function readConfirmed(from: string, { relayID, storage, coValues }: JsonRecord): TabMessage | undefined {
  if (typeof relayID !== 'string' || (storage !== undefined && typeof storage !== 'string')) return undefined;
  if (!isListUpTo(coValues, mostCoValues) || !coValues.every(isOfCoValue)) return undefined;
  return { v: 1, from, kind: 'confirmed', relayID, storage, coValues };
}

function readSent(from: string, { relayID, coValues }: JsonRecord): TabMessage | undefined {
  if (typeof relayID !== 'string' || !isListUpTo(coValues, mostCoValues)) return undefined;
  return coValues.every(isSent) ? { v: 1, from, kind: 'sent', relayID, coValues } : undefined;
}

function isOfCoValue(value: unknown): value is SavedCoValue & ConfirmedCoValue {
  return isSent(value) && typeof (value as readonly unknown[])[2] === 'boolean';
}

function isSent(value: unknown): value is SentCoValue {
  return isListUpTo(value, 3) && isCoValueID(value[0]) && isCoverage(value[1]);
}

function isCoverage(value: unknown): value is Coverage {
  if (!isJsonRecord(value)) return false;
  const counts = Object.entries(value);
  return (
    counts.length <= mostSessions &&
    counts.every(([session, count]) => (session === 'header' || isSessionID(session)) && isCount(count))
  );
}

function isContent(value: unknown): value is NewContent {
  if (!isJsonRecord(value) || value.action !== 'content') return false;
  try {
    assertSyncMessage(value);
    return true;
  } catch {
    return false;
  }
}

function isListUpTo(value: unknown, most: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= most;
}
