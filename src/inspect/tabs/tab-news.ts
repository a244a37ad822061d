import type { TabFacts, Unconfirmed } from '../../sync/inspection.ts';
import type { PeerPhase } from '../../sync/peer-status.ts';
import { isCoValueID, isSessionID } from '../../wire/ids.ts';
import { isCount, isJsonRecord } from '../../base/json.ts';

/** What a message on the channel of the account's tabs says of the tab that posted it. */
export interface TabNews {
  readonly from: string;
  readonly kind: 'answer' | 'bye' | 'sign';
  /** Of an answer. Undefined where another version of the kernel gave it. */
  readonly facts?: TabFacts;
  /** Of a `bye`. */
  readonly isFrozen?: boolean;
}

/** Of the answer. Others are signs of life and nothing more. */
const knownVersion = 1;
const longestText = 200;
const most = 20;

/** Undefined for what is no message of a tab: any page of the origin can post, and any version of the kernel. */
export function readTabNews(data: unknown): TabNews | undefined {
  if (!isJsonRecord(data) || data.v !== 1 || !isSessionID(data.from)) return undefined;
  const { from, kind } = data;
  if (kind === 'bye') return { from, kind, isFrozen: data.isFrozen === true };
  if (kind !== 'there') return { from, kind: 'sign' };
  const facts = data.roll === knownVersion ? readFacts(data) : undefined;
  return { from, kind: 'answer', ...(facts?.sessionIDs[0] === from && { facts }) };
}

function readFacts(data: Readonly<Record<string, unknown>>): TabFacts | undefined {
  const { sessionIDs, sinceMs, title, isVisible, relays, unconfirmed } = data;
  const isWhole =
    isListOf(sessionIDs, isSessionID) &&
    isTime(sinceMs) &&
    isText(title) &&
    typeof isVisible === 'boolean' &&
    isListOf(relays, isRelay) &&
    isUnconfirmed(unconfirmed);
  if (!isWhole) return undefined;
  const { coValues, certain, oldestSinceMs, ids } = unconfirmed;
  return {
    ...{ sessionIDs, sinceMs, title, isVisible },
    // Whatever stands beside it is left out.
    relays: relays.map(({ host, phase }) => ({ host, phase })),
    unconfirmed: { coValues, certain, ...(oldestSinceMs !== undefined && { oldestSinceMs }), ids },
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
  if (!isJsonRecord(value)) return false;
  return isText(value.host) && typeof value.phase === 'string' && Object.hasOwn(phases, value.phase);
}

function isUnconfirmed(value: unknown): value is Unconfirmed {
  if (!isJsonRecord(value)) return false;
  const { coValues, certain, oldestSinceMs, ids } = value;
  const isTimed = oldestSinceMs === undefined || isTime(oldestSinceMs);
  return isCount(coValues) && isCount(certain) && isTimed && isListOf(ids, isCoValueID);
}

function isListOf<T>(value: unknown, isOne: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= most && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestText;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
