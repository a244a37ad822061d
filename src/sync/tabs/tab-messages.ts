import type { CojsonInternalTypes, RawCoID } from 'cojson';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { isCoValueID, isSessionID } from '../../wire/ids.ts';
import { isCount } from '../../base/json.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { assertSyncMessage } from '../../wire/sync-message.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { TabFacts } from '../inspection.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** Messages between the tabs of one account about its content. `from` is the sender's session ID. */
export type TabMessage = { readonly v: 1; readonly from: string } & (
  | { readonly kind: 'hello' | 'here' }
  /** A frozen page may return. Otherwise it was closed, reloaded or navigated away. */
  | { readonly kind: 'bye'; readonly isFrozen?: boolean }
  /** Saved on this device, in a database of this kind. */
  | {
      readonly kind: 'saved';
      readonly kept: StorageStatus['kind'];
      readonly coValues: readonly SavedCoValue[];
    }
  /** A relay has reported this much, in this generation of its data. */
  | {
      readonly kind: 'confirmed';
      readonly relayID: string;
      readonly generation: number;
      readonly coValues: readonly SentCoValue[];
    }
  /** Sent to a relay on behalf of other tabs, which wrote it. */
  | { readonly kind: 'sent'; readonly relayID: string; readonly coValues: readonly SentCoValue[] }
  /** The relay has lost data, according to its record on this device. */
  | { readonly kind: 'lost'; readonly relayID: string }
  /** Content that could not be saved. */
  | { readonly kind: 'content'; readonly contents: readonly NewContent[] }
);

/** An inspected tab asks, and every other tab that is awake answers. Neither message carries content of the account. */
export type TabStatusMessage =
  | { readonly kind: 'who'; readonly roll: number }
  | ({ readonly kind: 'there'; readonly roll: number } & TabFacts);

export type SavedCoValue = readonly [id: RawCoID, counts: KnownCounts, isUnconfirmed: boolean];

export type SentCoValue = readonly [id: RawCoID, counts: KnownCounts];

/** Per message. */
export const maxCoValues = 1_000;
export const maxContents = 100;
const maxSessions = 10_000;

/** Undefined if malformed or of another version: any page of the origin can post. Invalid content is dropped. */
export function readTabMessage(value: unknown): TabMessage | undefined {
  if (!isRecord(value) || value.v !== 1 || !isSessionID(value.from)) return undefined;
  const { from, kind } = value;
  if (kind === 'hello' || kind === 'here' || kind === 'bye') return { v: 1, from, kind };
  if (kind === 'saved') return readSaved(from, value);
  if (kind === 'confirmed') return readConfirmed(from, value);
  if (kind === 'sent') return readSent(from, value);
  if (kind === 'lost')
    return typeof value.relayID === 'string' ? { v: 1, from, kind, relayID: value.relayID } : undefined;
  if (kind !== 'content' || !isListUpTo(value.contents, maxContents)) return undefined;
  return { v: 1, from, kind, contents: value.contents.filter(isContent) };
}

function readSaved(from: string, { kept, coValues }: JsonRecord): TabMessage | undefined {
  if (kept !== 'kernel' && kept !== 'cojson-indexeddb' && kept !== 'custom') return undefined;
  if (!isListUpTo(coValues, maxCoValues) || !coValues.every(isSavedCoValue)) return undefined;
  return { v: 1, from, kind: 'saved', kept, coValues };
}

function readConfirmed(from: string, { relayID, generation, coValues }: JsonRecord): TabMessage | undefined {
  if (typeof relayID !== 'string' || !isCount(generation)) return undefined;
  if (!isListUpTo(coValues, maxCoValues) || !coValues.every(isSent)) return undefined;
  return { v: 1, from, kind: 'confirmed', relayID, generation, coValues };
}

function readSent(from: string, { relayID, coValues }: JsonRecord): TabMessage | undefined {
  if (typeof relayID !== 'string' || !isListUpTo(coValues, maxCoValues)) return undefined;
  return coValues.every(isSent) ? { v: 1, from, kind: 'sent', relayID, coValues } : undefined;
}

function isSavedCoValue(value: unknown): value is SavedCoValue {
  return isSent(value) && typeof (value as readonly unknown[])[2] === 'boolean';
}

function isSent(value: unknown): value is SentCoValue {
  return isListUpTo(value, 3) && isCoValueID(value[0]) && isKnownCounts(value[1]);
}

function isKnownCounts(value: unknown): value is KnownCounts {
  if (!isRecord(value)) return false;
  const counts = Object.entries(value);
  return (
    counts.length <= maxSessions &&
    counts.every(([session, count]) => (session === 'header' || isSessionID(session)) && isCount(count))
  );
}

function isContent(value: unknown): value is NewContent {
  if (!isRecord(value) || value.action !== 'content') return false;
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
