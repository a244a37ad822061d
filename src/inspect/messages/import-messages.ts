import { isCount, parseJson } from '../../base/json.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { directions, messageTypes, type MessageText } from '../snapshot/message-types.ts';
import { priorities } from '../snapshot/queue-facts.ts';
import { decodeMessage, type MessageDetail } from './message-detail.ts';
import { createMessageReader, type MessageReader } from './message-reader.ts';
import type { NewMessage } from './message-row.ts';
import { createMessageStore, type MessageStore } from './message-store.ts';
import { messagesFormat, type MessagesHead } from './messages-file.ts';

/** A file's messages, readable like this inspector's own; the file contains no CoValue names. */
export interface ImportedMessages extends MessageReader {
  readonly head: MessagesHead;
  detail(number: number): Promise<MessageDetail | undefined>;
}

/** In characters: twice the size of an export of 20 MB of deflated messages. */
export const maxFileLength = 200_000_000;
const maxLineLength = 16_000_000;
const maxLines = 500_000;
const maxRelays = 64;
const maxTextLength = 1_000;
const linesPerPause = 2_000;

/** Reads an untrusted file in bounded memory. Rejects with MESSAGE_INVALID, which names the line without quoting it. */
export async function importMessages(file: string): Promise<ImportedMessages> {
  if (file.length > maxFileLength) throw invalid(`it is longer than ${maxFileLength / 1_000_000} MB`);
  const lines = file.split('\n', maxLines + 1);
  while (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length > maxLines) throw invalid(`it has more than ${maxLines.toLocaleString('en')} lines`);
  const head = readHead(parseJson(lines[0] ?? ''));
  const firstNumber = numberOf(parseJson(lines[1] ?? ''));
  const store = createMessageStore(undefined, firstNumber ?? 1);
  const relayIDs = new Set<string>();
  for (const [index, text] of lines.entries()) {
    if (index === 0) continue;
    if (text.length > maxLineLength) throw invalid(`line ${index + 1} is too long`);
    const value = parseJson(text);
    if (!isRecord(value)) throw invalid(`line ${index + 1} is not a JSON object`);
    if (numberOf(value) !== store.last + 1) throw invalid(`line ${index + 1} is not the next message`);
    addMessage(store, value, index + 1);
    relayIDs.add(String(value.relayID));
    if (relayIDs.size > maxRelays) throw invalid(`line ${index + 1} names too many relays`);
    // Lets the store deflate texts and keeps the page responsive.
    if (index % linesPerPause === 0) await store.settled();
  }
  await store.settled();
  const reader = createMessageReader(
    () => store,
    () => undefined,
  );
  return {
    ...reader,
    get counts() {
      return reader.counts;
    },
    head,
    detail: (number) => decodeMessage(number, reader, undefined),
  };
}

function readHead(value: unknown): MessagesHead {
  if (!isRecord(value) || value.maia !== messagesFormat.maia) {
    throw invalid('line 1 is not the head of a message export');
  }
  const { v, kernel, exportedAtMs, redacted, dropped, relays } = value;
  if (v !== messagesFormat.v) throw invalid('line 1 has another version of the format');
  const isWhole =
    isShortText(kernel) &&
    isTime(exportedAtMs) &&
    typeof redacted === 'boolean' &&
    isCount(dropped) &&
    Array.isArray(relays);
  if (!isWhole || relays.length > maxRelays) throw invalid('line 1 is incomplete');
  const named = (relays as readonly unknown[]).flatMap((relay) =>
    isRecord(relay) && isShortText(relay.id) && isShortText(relay.url)
      ? [{ id: relay.id, url: relay.url }]
      : [],
  );
  return { ...messagesFormat, kernel, exportedAtMs, redacted, dropped, relays: named };
}

function addMessage(store: MessageStore, value: JsonRecord, line: number): void {
  const message = readFacts(value);
  const { text, without, confirmation, confirms } = value;
  const storedText = readText(text, without);
  if (!message || !storedText) throw invalid(`line ${line} is malformed`);
  const number = store.add(message, storedText);
  if (confirmation !== undefined) {
    if (!isRecord(confirmation)) throw invalid(`line ${line} has a malformed confirmation`);
    if (confirmation.state === 'unknown') store.setUnwatched(number);
    if (confirmation.state !== 'confirmed') return;
    if (!isColumnValue(confirmation.by) || confirmation.by <= number) {
      throw invalid(`line ${line} has a malformed confirmation`);
    }
    store.setConfirmed(number, confirmation.by);
  }
  if (confirms !== undefined) {
    if (!isRecord(confirms) || !isColumnValue(confirms.newest) || !isColumnValue(confirms.messages)) {
      throw invalid(`line ${line} has a malformed confirmation`);
    }
    store.setConfirms(number, confirms.newest, confirms.messages);
  }
}

function readText(text: unknown, without: unknown): MessageText | undefined {
  // The store joins texts with line breaks, so no text may contain one.
  if (typeof text === 'string') return text.includes('\n') ? undefined : { state: 'kept', text };
  return without === 'dropped' || without === 'withheld' || without === 'none'
    ? { state: without }
    : undefined;
}

function readFacts(value: JsonRecord): NewMessage | undefined {
  const { atMs, relayID, channel, bytes, id, count, note, continuesFrame } = value;
  const type = messageTypes.find((known) => known === value.type);
  const direction = directions.find((known) => known === value.direction);
  const priority = priorities.find((known) => known === value.priority);
  if (!type || !direction || !isTime(atMs) || !isShortText(relayID)) return undefined;
  if (!isColumnValue(channel) || !isColumnValue(bytes, 0)) return undefined;
  const isValid =
    (id === undefined || isShortText(id)) &&
    (note === undefined || isShortText(note)) &&
    (count === undefined || isColumnValue(count, 0)) &&
    (value.priority === undefined || priority !== undefined) &&
    (continuesFrame === undefined || continuesFrame === true);
  if (!isValid) return undefined;
  return {
    atMs,
    direction,
    relayID,
    channel,
    type,
    bytes,
    ...(id !== undefined && { id }),
    ...(count !== undefined && { count }),
    ...(priority && { priority }),
    ...(note !== undefined && { note }),
    ...(continuesFrame && { continuesFrame }),
  };
}

function numberOf(value: unknown): number | undefined {
  return isRecord(value) && isColumnValue(value.number) ? value.number : undefined;
}

/** True if the value fits a column of the store. */
function isColumnValue(value: unknown, min = 1): value is number {
  return isCount(value) && value >= min && value < 0xffffffff - maxLines;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength;
}

function invalid(problem: string) {
  return createKernelError('MESSAGE_INVALID', `Cannot read this file: ${problem}. Nothing was changed.`);
}
