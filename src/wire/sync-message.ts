import type { SessionID, SyncMessage } from 'cojson';
import { createKernelError } from '../base/kernel-error.ts';
import { isHeader, isSessionContents } from './content-shape.ts';
import { isCoValueID, isSessionID } from './ids.ts';
import { isCount } from '../base/json.ts';
import { isRecord, type JsonRecord } from '../base/record.ts';

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const knownState: Shape = { id: isCoValueID, header: isBoolean, sessions: isSessionCounts };

const shapeByAction: Readonly<Record<SyncMessage['action'], Shape>> = {
  load: knownState,
  known: {
    ...knownState,
    isCorrection: optional(isBoolean),
    asDependencyOf: optional(isCoValueID),
    partial: optional(isBoolean),
  },
  content: {
    id: isCoValueID,
    header: optional(isHeader),
    priority: (value) => value === 0 || value === 3 || value === 6,
    new: isSessionContents,
    expectContentUntil: optional(isSessionCounts),
  },
  done: { id: isCoValueID },
  reconcile: { id: isBatchID, values: isReconcileValues },
  'reconcile-ack': { id: isBatchID },
};

/**
 * cojson checks almost nothing itself: a wrong type can end the process, or make it distrust a CoValue of an
 * innocent author. Throws MESSAGE_INVALID, which names the invalid part and never its content.
 */
export function assertSyncMessage(value: JsonRecord): asserts value is JsonRecord & SyncMessage {
  const { action } = value;
  if (!isAction(action)) throw invalid('`action` is unknown');
  for (const [part, isRight] of Object.entries(shapeByAction[action])) {
    if (!isRight(value[part])) throw invalid(`\`${part}\` of this \`${action}\` is malformed`);
  }
  // A correction tells the client what to send again, and "not found" what to give up.
  const isWhole = value.header === false || value.isCorrection === true;
  if (action === 'known' && value.partial === true && isWhole)
    throw invalid('`partial` contradicts the rest of this `known`');
}

/** An acknowledgement of content that names only that content's sessions. The relay may have others. */
export function isPartial(message: SyncMessage): boolean {
  return message.action === 'known' && 'partial' in message && message.partial === true;
}

function invalid(what: string) {
  return createKernelError(
    'MESSAGE_INVALID',
    `Refused a sync message: ${what}. Its sender runs another version or is faulty; update both sides.`,
  );
}

function isAction(value: unknown): value is SyncMessage['action'] {
  return typeof value === 'string' && Object.hasOwn(shapeByAction, value);
}

function optional(isRight: (value: unknown) => boolean) {
  return (value: unknown) => value === undefined || isRight(value);
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** The number of transactions by session. */
export function isSessionCounts(value: unknown): value is Readonly<Record<SessionID, number>> {
  return (
    isRecord(value) &&
    Object.entries(value).every(([sessionID, count]) => isSessionID(sessionID) && isCount(count))
  );
}

/** Chosen by the requesting side: cojson uses base58 of 12 bytes. */
function isBatchID(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 128;
}

function isReconcileValues(value: unknown): boolean {
  return Array.isArray(value) && value.every(isReconcileValue);
}

function isReconcileValue(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const parts: readonly unknown[] = value;
  const [id, sessionsHash] = parts;
  return isCoValueID(id) && typeof sessionsHash === 'string' && sessionsHash.length <= 128;
}
