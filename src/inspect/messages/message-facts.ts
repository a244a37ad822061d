import type { SyncMessage } from 'cojson';
import { readMessage, type ReceivedMessage } from '../../wire/frames.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { isJsonRecord, parseJson, type JsonRecord } from '../../base/json.ts';
import { coverageOfContent, coverageOfState, type Coverage } from '../../engine/known-counts.ts';
import { priorityOf } from '../shared/traffic.ts';
import type { Priority } from '../snapshot.ts';
import type { MessageType } from '../snapshot/message-types.ts';
import { withoutKeys, withoutProofs } from '../shared/redaction.ts';

/** What one line of a frame says, and the text of it that may be kept. */
export interface LineFacts {
  readonly type: MessageType;
  readonly id?: string;
  readonly count?: number;
  readonly priority?: Priority;
  readonly note?: string;
  /** Undefined where all of it is withheld. */
  readonly text: string | undefined;
  /** Of a `content`: what a relay must have to have confirmed it. */
  readonly needs?: Coverage;
  /** Of a `known` or `load`: what its sender has. */
  readonly has?: Coverage;
  readonly header?: { readonly uniqueness?: unknown };
}

const longestWord = 32;

/** A line that this node has sent itself: checking it part by part would be half of the work. */
export function readOwnLine(line: string): LineFacts {
  const value = parseJson(line);
  if (!isOwnSyncMessage(value)) return readLine(line);
  try {
    return readSyncMessage(value, line);
  } catch {
    // An app may have a peer of its own send what it likes.
    return readLine(line);
  }
}

/** Reads any line, also of a broken sender: what is neither a sync message, a ping nor a frame of ours is withheld. */
export function readLine(line: string): LineFacts {
  const read = readSafely(line);
  if (read?.kind === 'sync') return readSyncMessage(read.message, line);
  const value = parseJson(line);
  if (!isJsonRecord(value)) return { type: 'other', note: 'not a JSON object', text: undefined };
  const { maia, code, id } = value;
  if (typeof maia === 'string') {
    return {
      type: 'maia',
      ...(isCoValueID(id) && { id }),
      note: noteOfFrame(maia, code),
      text: withoutProofs(value),
    };
  }
  if (read?.kind === 'ping') return { type: 'ping', text: pingOf(value, read.timeMs) };
  const note = typeof value.action === 'string' ? 'malformed' : 'of no known kind';
  return { type: 'other', note, text: undefined };
}

const frequentActions: readonly unknown[] = ['content', 'known', 'load'];

/** By what it claims to be: cojson has made it. */
function isOwnSyncMessage(value: unknown): value is SyncMessage {
  return isJsonRecord(value) && frequentActions.includes(value.action) && !('maia' in value);
}

/** Undefined for what is malformed, on which nobody acts. */
function readSafely(line: string): ReceivedMessage | undefined {
  try {
    return readMessage(line);
  } catch {
    return undefined;
  }
}

function readSyncMessage(value: SyncMessage, line: string): LineFacts {
  const text = withoutKeys(line);
  switch (value.action) {
    case 'content': {
      const { id, header, action } = value;
      const count = Object.values(value.new).reduce((sum, own) => sum + own.newTransactions.length, 0);
      const needs = coverageOfContent(value);
      return { type: action, id, count, priority: priorityOf(value), text, needs, ...(header && { header }) };
    }
    case 'known':
    case 'load': {
      const { id, action, sessions } = value;
      const count = Object.values(sessions).reduce((sum, own) => sum + own, 0);
      const note = noteOfState(value);
      return { type: action, id, count, text, has: coverageOfState(value), ...(note && { note }) };
    }
    case 'reconcile':
      return { type: value.action, id: value.id, count: value.values.length, text };
    case 'done':
    case 'reconcile-ack':
      return { type: value.action, id: value.id, text };
  }
}

function noteOfFrame(kind: string, code: unknown): string {
  const why = kind === 'refused' && typeof code === 'string' ? `: ${code.slice(0, longestWord)}` : '';
  return kind.slice(0, longestWord) + why;
}

function noteOfState(value: {
  readonly header: boolean;
  readonly isCorrection?: unknown;
}): string | undefined {
  if (value.isCorrection === true) return 'asks for a resend';
  return value.header ? undefined : 'does not have it';
}

function pingOf({ dc }: JsonRecord, time: number): string {
  return JSON.stringify({
    type: 'ping',
    time,
    dc: typeof dc === 'string' ? dc.slice(0, longestWord) : undefined,
  });
}
