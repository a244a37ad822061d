import { createKernelError } from '../../base/kernel-error.ts';
import { isCount, isJsonRecord, parseJson, type JsonRecord } from '../../base/json.ts';
import { priorities } from '../snapshot.ts';
import { decodeMessage, type MessageDetail } from './message-detail.ts';
import { createMessageReader, type MessageReader } from './message-reader.ts';
import { createMessageStore, type MessageStore, type NewMessage } from './message-store.ts';
import { directions, messageTypes, type MessageText } from '../snapshot/message-types.ts';
import { messagesFormat, type MessagesHead } from './messages-file.ts';

/** Messages of a file, to be read like those of this inspector; names are not in it. */
export interface ImportedMessages extends MessageReader {
  readonly head: MessagesHead;
  detail(number: number): Promise<MessageDetail | undefined>;
}

/** In characters, and twice what an export of 20 MB of deflated messages comes to. */
export const longestFile = 200_000_000;
const longestLine = 16_000_000;
const mostLines = 500_000;
const mostRelays = 64;
const longestWords = 1_000;
const linesBetween = 2_000;

/**
 * Reads a file that anybody may have made; within the same bound as what is recorded. Rejects with MESSAGE_INVALID, which
 * names the line and repeats nothing of it.
 */
export async function importMessages(file: string): Promise<ImportedMessages> {
  if (file.length > longestFile) throw invalid(`it is longer than ${longestFile / 1_000_000} MB`);
  const lines = file.split('\n', mostLines + 1);
  while (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length > mostLines) throw invalid(`it has more than ${mostLines.toLocaleString('en')} lines`);
  const head = readHead(parseJson(lines[0] ?? ''));
  const firstNumber = numberOf(parseJson(lines[1] ?? ''));
  const store = createMessageStore(undefined, firstNumber ?? 1);
  const relayIDs = new Set<string>();
  for (const [index, text] of lines.entries()) {
    if (index === 0) continue;
    if (text.length > longestLine) throw invalid(`line ${index + 1} is too long`);
    const value = parseJson(text);
    if (!isJsonRecord(value)) throw invalid(`line ${index + 1} is not a JSON object`);
    if (numberOf(value) !== store.last + 1) throw invalid(`line ${index + 1} is not the next message`);
    addMessage(store, value, index + 1);
    relayIDs.add(String(value.relayID));
    if (relayIDs.size > mostRelays) throw invalid(`line ${index + 1} names too many relays`);
    // Texts are packed meanwhile, and the page can go on.
    if (index % linesBetween === 0) await store.settled();
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
  if (!isJsonRecord(value) || value.maia !== messagesFormat.maia) {
    throw invalid('line 1 does not say that it holds messages');
  }
  const { v, kernel, exportedAtMs, redacted, dropped, relays } = value;
  if (v !== messagesFormat.v) throw invalid('line 1 is of another version of the format');
  const isWhole =
    isWords(kernel) &&
    isTime(exportedAtMs) &&
    typeof redacted === 'boolean' &&
    isCount(dropped) &&
    Array.isArray(relays);
  if (!isWhole || relays.length > mostRelays) throw invalid('line 1 lacks a part');
  const named = (relays as readonly unknown[]).flatMap((relay) =>
    isJsonRecord(relay) && isWords(relay.id) && isWords(relay.url) ? [{ id: relay.id, url: relay.url }] : [],
  );
  return { ...messagesFormat, kernel, exportedAtMs, redacted, dropped, relays: named };
}

function addMessage(store: MessageStore, value: JsonRecord, line: number): void {
  const message = readFacts(value);
  const { text, without, confirmation, confirms } = value;
  const own = readText(text, without);
  if (!message || !own) throw invalid(`line ${line} is malformed`);
  const number = store.add(message, own);
  if (confirmation !== undefined) {
    if (!isJsonRecord(confirmation)) throw invalid(`line ${line} has a malformed confirmation`);
    if (confirmation.state === 'unknown') store.setUnwatched(number);
    if (confirmation.state !== 'confirmed') return;
    if (!isPartner(confirmation.by) || confirmation.by <= number) {
      throw invalid(`line ${line} has a malformed confirmation`);
    }
    store.setConfirmed(number, confirmation.by);
  }
  if (confirms !== undefined) {
    if (!isJsonRecord(confirms) || !isPartner(confirms.newest) || !isPartner(confirms.messages)) {
      throw invalid(`line ${line} has a malformed confirmation`);
    }
    store.setConfirms(number, confirms.newest, confirms.messages);
  }
}

function readText(text: unknown, without: unknown): MessageText | undefined {
  // Texts are kept joined by line breaks.
  if (typeof text === 'string') return text.includes('\n') ? undefined : { state: 'kept', text };
  return without === 'dropped' || without === 'withheld' || without === 'none'
    ? { state: without }
    : undefined;
}

function readFacts(value: JsonRecord): NewMessage | undefined {
  const { atMs, relayID, bytes, id, count, note, continuesFrame } = value;
  const type = messageTypes.find((known) => known === value.type);
  const direction = directions.find((known) => known === value.direction);
  const priority = priorities.find((known) => known === value.priority);
  if (!type || !direction || !isTime(atMs) || !isWords(relayID) || !isPartner(bytes, 0)) return undefined;
  const isRight =
    (id === undefined || isWords(id)) &&
    (note === undefined || isWords(note)) &&
    (count === undefined || isPartner(count, 0)) &&
    (value.priority === undefined || priority !== undefined) &&
    (continuesFrame === undefined || continuesFrame === true);
  if (!isRight) return undefined;
  return {
    ...{ atMs, direction, relayID, type, bytes },
    ...(id !== undefined && { id }),
    ...(count !== undefined && { count }),
    ...(priority && { priority }),
    ...(note !== undefined && { note }),
    ...(continuesFrame && { continuesFrame }),
  };
}

function numberOf(value: unknown): number | undefined {
  return isJsonRecord(value) && isPartner(value.number) ? value.number : undefined;
}

/** Fits a column. */
function isPartner(value: unknown, least = 1): value is number {
  return isCount(value) && value >= least && value < 0xffffffff - mostLines;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestWords;
}

function invalid(what: string) {
  return createKernelError('MESSAGE_INVALID', `This file cannot be read: ${what}. Nothing was changed.`);
}
