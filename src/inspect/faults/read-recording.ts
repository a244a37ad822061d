import type { SyncMessage } from 'cojson';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import { readMessage } from '../../wire/frames.ts';
import {
  type RecordedState,
  type SessionState,
  recordingVersion,
  type Content,
  type RecordingEnd,
  type RecordingHead,
} from '../snapshot/recording-facts.ts';

export interface ReadRecording {
  readonly head: Pick<RecordingHead, 'kernel' | 'startedAtMs' | 'accountID'>;
  /** In order: content that the node had, and messages that arrived. */
  readonly messages: readonly {
    readonly line: number;
    readonly hasArrived: boolean;
    readonly message: SyncMessage;
  }[];
  readonly faultSeeds: readonly number[];
  readonly end: Pick<RecordingEnd, 'why' | 'coValues'>;
}

/** Four times a recorder's limit, which does not cover the final state at the end of a recording. */
export const maxRecordingLength = 64_000_000;

/** Validates each line like network input. Throws MESSAGE_INVALID, which names the line without quoting it. */
export function readRecording(text: string): ReadRecording {
  if (text.length > maxRecordingLength)
    throw invalid(`it is longer than ${maxRecordingLength / 1_000_000} MB`);
  const lines = text.split('\n');
  while (lines.at(-1)?.trim() === '') lines.pop();
  const head = readHead(parsed(lines[0] ?? ''));
  const messages: { line: number; hasArrived: boolean; message: SyncMessage }[] = [];
  const faultSeeds: number[] = [];
  let end: Pick<RecordingEnd, 'why' | 'coValues'> | undefined;
  for (const [index, text] of lines.entries()) {
    if (index === 0) continue;
    const line = index + 1;
    const value = parsed(text);
    if (!isRecord(value)) throw invalid(`line ${line} is not a JSON object`);
    if (end) throw invalid(`line ${line} follows the end line`);
    switch (value.kind) {
      case 'had':
        messages.push({ line, hasArrived: false, message: readContent(value.content, line) });
        break;
      case 'arrived':
        messages.push({ line, hasArrived: true, message: readSyncMessage(value.message, line) });
        break;
      case 'faults':
        if (isRecord(value.faults) && Number.isSafeInteger(value.faults.seed)) {
          faultSeeds.push(Number(value.faults.seed));
        }
        break;
      case 'end':
        end = readEnd(value, line);
        break;
      case 'connect':
      case 'disconnect':
        break;
      default:
        throw invalid(`line ${line} is of an unknown kind`);
    }
  }
  if (!end) throw invalid('it has no end line, so the file is truncated');
  return { head, messages, faultSeeds, end };
}

function readHead(value: unknown): ReadRecording['head'] {
  if (!isRecord(value) || value.maia !== 'recording') throw invalid('line 1 is not the head of a recording');
  const { v, kernel, startedAtMs, accountID } = value;
  if (v !== recordingVersion)
    throw invalid('line 1 has another version of the format; use the kernel that recorded it');
  if (typeof kernel !== 'string' || typeof accountID !== 'string' || typeof startedAtMs !== 'number') {
    throw invalid('line 1 is incomplete');
  }
  return { kernel: kernel.slice(0, 40), accountID: accountID.slice(0, 80), startedAtMs };
}

function readSyncMessage(value: unknown, line: number): SyncMessage {
  try {
    const read = readMessage(JSON.stringify(value) ?? '');
    if (read.kind === 'sync') return read.message;
  } catch (error) {
    if (!isKernelError(error, 'MESSAGE_INVALID')) throw error;
    throw invalid(`line ${line} holds a malformed message`, error);
  }
  throw invalid(`line ${line} holds no sync message`);
}

function readContent(value: unknown, line: number): Content {
  const message = readSyncMessage(value, line);
  if (message.action !== 'content') throw invalid(`line ${line} holds no content`);
  return message;
}

function readEnd({ why, coValues }: JsonRecord, line: number): ReadRecording['end'] {
  const known = (['stopped', 'full', 'closed'] as const).find((reason) => reason === why);
  if (!known || !Array.isArray(coValues)) throw invalid(`line ${line} is a malformed end line`);
  return { why: known, coValues: coValues.map((state) => readState(state, line)) };
}

function readState(value: unknown, line: number): RecordedState {
  if (isRecord(value) && typeof value.id === 'string' && isRecord(value.sessions)) {
    const sessions = Object.entries(value.sessions).flatMap(([id, state]) => {
      const read = readSession(state);
      return read ? [[id, read] as const] : [];
    });
    if (sessions.length === Object.keys(value.sessions).length) {
      return { id: value.id, sessions: Object.fromEntries(sessions) };
    }
  }
  throw invalid(`line ${line} holds a malformed state`);
}

function readSession(value: unknown): SessionState | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [count, signature] = value as readonly unknown[];
  return Number.isSafeInteger(count) && typeof signature === 'string'
    ? [Number(count), signature]
    : undefined;
}

type JsonRecord = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Drop the parser's error, because its message quotes the text.
    return undefined;
  }
}

function invalid(problem: string, cause?: unknown) {
  return createKernelError(
    'MESSAGE_INVALID',
    `Cannot replay this recording: ${problem}. Nothing was changed.`,
    cause === undefined ? {} : { cause },
  );
}
