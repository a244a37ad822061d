import { isCount } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import type { TabFacts, Unconfirmed } from '../../sync/inspection.ts';
import type { PeerPhase } from '../../sync/peer-status.ts';
import { isCoValueID, isSessionID } from '../../wire/ids.ts';

/** A message that a tab posted on the channel of the account's tabs. */
export interface TabNews {
  readonly from: string;
  readonly kind: 'answer' | 'bye' | 'sign';
  /** Only in an answer. Undefined if it has the format of another kernel version. */
  readonly facts?: TabFacts;
  /** Only in a `bye`. */
  readonly isFrozen?: boolean;
}

/** The version of an answer's format. Other versions only prove that the tab is alive. */
const knownVersion = 2;
const maxTextLength = 200;
const maxListLength = 20;

/** Undefined if the data is not tab news: any page of the origin and any version of the kernel can post. */
export function readTabNews(data: unknown): TabNews | undefined {
  if (!isRecord(data) || data.v !== 1 || !isSessionID(data.from)) return undefined;
  const { from, kind } = data;
  if (kind === 'bye') return { from, kind, isFrozen: data.isFrozen === true };
  if (kind !== 'there') return { from, kind: 'sign' };
  const facts = data.roll === knownVersion ? readFacts(data) : undefined;
  return { from, kind: 'answer', ...(facts?.sessionIDs[0] === from && { facts }) };
}

function readFacts(data: Readonly<Record<string, unknown>>): TabFacts | undefined {
  const { sessionIDs, sinceMs, title, isVisible, relays, unconfirmed } = data;
  const isComplete =
    isListOf(sessionIDs, isSessionID) &&
    isTime(sinceMs) &&
    isText(title) &&
    typeof isVisible === 'boolean' &&
    isListOf(relays, isRelay) &&
    isUnconfirmed(unconfirmed);
  if (!isComplete) return undefined;
  const { coValues, oldestSinceMs, ids } = unconfirmed;
  return {
    sessionIDs,
    sinceMs,
    title,
    isVisible,
    // Drops unknown fields.
    relays: relays.map(({ host, phase }) => ({ host, phase })),
    unconfirmed: { coValues, ...(oldestSinceMs !== undefined && { oldestSinceMs }), ids },
  };
}

const phases = {
  offline: true,
  connecting: true,
  connected: true,
  waiting: true,
  paused: true,
  failed: true,
  closed: true,
} satisfies Record<PeerPhase['phase'], true>;

function isRelay(value: unknown): value is TabFacts['relays'][number] {
  if (!isRecord(value)) return false;
  return isText(value.host) && typeof value.phase === 'string' && Object.hasOwn(phases, value.phase);
}

function isUnconfirmed(value: unknown): value is Unconfirmed {
  if (!isRecord(value)) return false;
  const { coValues, oldestSinceMs, ids } = value;
  const isTimed = oldestSinceMs === undefined || isTime(oldestSinceMs);
  return isCount(coValues) && isTimed && isListOf(ids, isCoValueID);
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= maxListLength && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
