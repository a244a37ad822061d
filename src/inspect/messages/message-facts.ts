import type { SyncMessage } from 'cojson';
import { parseJson } from '../../base/json.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { knownCountsOfContent, knownCountsOfState, type KnownCounts } from '../../engine/known-counts.ts';
import { priorityOfMessage } from '../../engine/message-priority.ts';
import { readMessage, type ReceivedMessage } from '../../wire/frames.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { withoutKeys, withoutProofs } from '../shared/redaction.ts';
import type { MessageType } from '../snapshot/message-types.ts';
import type { Priority } from '../snapshot/queue-facts.ts';

/** The facts of one line of a frame, and the part of its text that may be stored. */
export interface LineFacts {
  readonly type: MessageType;
  readonly id?: string;
  readonly count?: number;
  readonly priority?: Priority;
  readonly note?: string;
  /** Undefined if all of it is withheld. */
  readonly text: string | undefined;
  /** For a `content`: the state that confirms it. */
  readonly needs?: KnownCounts;
  /** For a `known` or `load`: its sender's state. */
  readonly has?: KnownCounts;
  readonly header?: { readonly uniqueness?: unknown };
}

const maxWordLength = 32;

/** Reads a line that this node sent. Skips validation, which would double the work. */
export function readOwnLine(line: string): LineFacts {
  const value = parseJson(line);
  if (!isOwnSyncMessage(value)) return readLine(line);
  try {
    return readSyncMessage(value, line);
  } catch {
    // An app's own peer may deliver anything, and cojson passes it on.
    return readLine(line);
  }
}

/** Reads any line. Withholds the text of anything but a sync message, a ping or one of our frames. */
export function readLine(line: string): LineFacts {
  const read = readSafely(line);
  if (read?.kind === 'sync') return readSyncMessage(read.message, line);
  const value = parseJson(line);
  if (!isRecord(value)) return { type: 'other', note: 'not a JSON object', text: undefined };
  const { maia, code, id } = value;
  // Sent every few seconds to measure the round trip, so they would fill the list, as pings would.
  if (maia === 'echo' || maia === 'echoed') return { type: 'ping', note: maia, text: withoutProofs(value) };
  if (typeof maia === 'string') {
    return {
      type: 'maia',
      ...(isCoValueID(id) && { id }),
      note: noteOfFrame(maia, code),
      text: withoutProofs(value),
    };
  }
  if (read?.kind === 'ping') return { type: 'ping', text: pingOf(value, read.timeMs) };
  return {
    type: 'other',
    note: typeof value.action === 'string' ? 'malformed' : 'unknown kind',
    text: undefined,
  };
}

const frequentActions: readonly unknown[] = ['content', 'known', 'load'];

/** Trusts the line's action, because cojson wrote it. */
function isOwnSyncMessage(value: unknown): value is SyncMessage {
  return isRecord(value) && frequentActions.includes(value.action) && !('maia' in value);
}

/** Undefined for a malformed line, which the kernel rejects elsewhere. */
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
      const count = Object.values(value.new).reduce(
        (sum, session) => sum + session.newTransactions.length,
        0,
      );
      const needs = knownCountsOfContent(value);
      return {
        type: action,
        id,
        count,
        priority: priorityOfMessage(value),
        text,
        needs,
        ...(header && { header }),
      };
    }
    case 'known':
    case 'load': {
      const { id, action, sessions } = value;
      const count = Object.values(sessions).reduce((sum, transactions) => sum + transactions, 0);
      const note = noteOfState(value);
      return { type: action, id, count, text, has: knownCountsOfState(value), ...(note && { note }) };
    }
    case 'reconcile':
      return { type: value.action, id: value.id, count: value.values.length, text };
    case 'done':
    case 'reconcile-ack':
      return { type: value.action, id: value.id, text };
  }
}

function noteOfFrame(kind: string, code: unknown): string {
  const why = kind === 'refused' && typeof code === 'string' ? `: ${code.slice(0, maxWordLength)}` : '';
  return kind.slice(0, maxWordLength) + why;
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
    dc: typeof dc === 'string' ? dc.slice(0, maxWordLength) : undefined,
  });
}
