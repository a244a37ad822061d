import type { SessionID, SyncMessage } from 'cojson';
import { createKernelError } from '../base/kernel-error.ts';
import { isHeader, isSessionContents } from './content-shape.ts';
import { isCoValueID, isSessionID } from './ids.ts';
import { isCount, isJsonRecord, type JsonRecord } from '../base/json.ts';

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const knownState: Shape = { id: isCoValueID, header: isBoolean, sessions: isSessionCounts };

const shapeByAction: Readonly<Record<SyncMessage['action'], Shape>> = {
  load: knownState,
  known: { ...knownState, isCorrection: optional(isBoolean), asDependencyOf: optional(isCoValueID) },
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
 * Passes only what is a cojson sync message in all its parts. cojson looks at hardly any of them: a wrong type there
 * can end the process, or make it distrust a CoValue whose author did nothing wrong. Throws MESSAGE_INVALID, which
 * names the part and never repeats what stood there.
 */
export function assertSyncMessage(value: JsonRecord): asserts value is JsonRecord & SyncMessage {
  const { action } = value;
  if (!isAction(action)) throw invalid('`action` is unknown');
  for (const [part, isRight] of Object.entries(shapeByAction[action])) {
    if (!isRight(value[part])) throw invalid(`\`${part}\` of this \`${action}\` is malformed`);
  }
}

function invalid(what: string) {
  return createKernelError(
    'MESSAGE_INVALID',
    `A sync message was refused: ${what}. Its sender is of another version, or broken; update both sides.`,
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

/** How many transactions of each session. */
export function isSessionCounts(value: unknown): value is Readonly<Record<SessionID, number>> {
  return (
    isJsonRecord(value) &&
    Object.entries(value).every(([sessionID, count]) => isSessionID(sessionID) && isCount(count))
  );
}

/** Chosen by the asking side: cojson takes base58 of 12 bytes. */
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
