import type { LocalNode } from 'cojson';
import { isJsonRecord, parseJson } from '../../base/json.ts';
import { isOfTheApp } from '../of-the-app.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageRow, MessageText } from '../snapshot/message-types.ts';

export interface MessageDetail {
  readonly row: MessageRow;
  readonly text: MessageText;
  /** Of a `content`; at most 200 transactions, the first of each session first. */
  readonly sessions?: readonly DecodedSession[];
  /** To tell its own transactions from others'; undefined for messages of a file. */
  readonly ownAccountID?: string;
  /** How many transactions are left out of them. */
  readonly leftOut?: number;
  /** Of a `known` or `load`: the `content`s that it confirmed, newest first. */
  readonly confirmed?: readonly number[];
  /** The same content, as it went to other relays at about that time. */
  readonly alsoSent?: readonly MessageRow[];
}

export interface DecodedSession {
  readonly sessionID: string;
  /** Transactions of the session before these. */
  readonly after: number;
  readonly transactions: readonly DecodedTransaction[];
}

export interface DecodedTransaction {
  readonly index: number;
  readonly madeAtMs: number;
  readonly changes: DecodedChanges;
}
/** `hidden`: the kernel's own values, and keys of groups, are nobody's to see. */
export type DecodedChanges =
  | { readonly state: 'read'; readonly changes: readonly unknown[] }
  | { readonly state: 'encrypted' | 'hidden'; readonly bytes: number };

const mostTransactions = 200;
const besideInNumbers = 500;
const mostBeside = 8;

/** Decodes what is in memory: it decrypts nothing that the app has not decrypted, and loads nothing. */
export async function decodeMessage(
  number: number,
  reader: MessageReader,
  node: LocalNode | undefined,
): Promise<MessageDetail | undefined> {
  const row = reader.row(number);
  if (!row) return undefined;
  const text = await reader.textOf(number);
  const message = text.state === 'kept' && row.type === 'content' ? parseJson(text.text) : undefined;
  const confirmed = row.confirms && { confirmed: reader.confirmedBy(number) };
  const alsoSent = row.confirmation && { alsoSent: await sentBeside(row, text, reader) };
  return {
    row,
    text,
    ...(isJsonRecord(message) && decodeContent(message, row, node)),
    ...confirmed,
    ...alsoSent,
  };
}

function decodeContent(
  message: Readonly<Record<string, unknown>>,
  { id = '' }: MessageRow,
  node: LocalNode | undefined,
): Pick<MessageDetail, 'sessions' | 'leftOut' | 'ownAccountID'> {
  if (!isJsonRecord(message.new)) return {};
  const header = (node && findCoValue(node, id)?.verified?.header) ?? message.header;
  const isApps = isOfTheApp(header, node);
  const read = node && isApps ? changesInMemory(node, id) : () => undefined;
  let room = mostTransactions;
  let leftOut = 0;
  const sessions = Object.entries(message.new).flatMap(([sessionID, own]): readonly DecodedSession[] => {
    if (!isJsonRecord(own) || typeof own.after !== 'number' || !Array.isArray(own.newTransactions)) return [];
    const { after } = own;
    const shown = own.newTransactions.slice(0, room);
    leftOut += own.newTransactions.length - shown.length;
    room -= shown.length;
    const transactions = shown.flatMap((transaction: unknown, offset): readonly DecodedTransaction[] => {
      if (!isJsonRecord(transaction) || typeof transaction.madeAt !== 'number') return [];
      const index = after + offset;
      return [
        {
          ...{ index, madeAtMs: transaction.madeAt },
          changes: decodeChanges(transaction, isApps, read(sessionID, index)),
        },
      ];
    });
    return [{ sessionID, after, transactions }];
  });
  const own = node && { ownAccountID: node.getCurrentAccountOrAgentID() };
  return { sessions, ...own, ...(leftOut > 0 && { leftOut }) };
}

function decodeChanges(
  { privacy, changes, encryptedChanges }: Readonly<Record<string, unknown>>,
  isApps: boolean,
  inMemory: readonly unknown[] | undefined,
): DecodedChanges {
  const stands = privacy === 'private' ? encryptedChanges : changes;
  const bytes = typeof stands === 'string' ? stands.length : 0;
  if (privacy !== 'private') {
    const parsed = typeof changes === 'string' ? parseJson(changes) : undefined;
    if (isApps && Array.isArray(parsed)) return { state: 'read', changes: parsed };
    return { state: 'hidden', bytes };
  }
  return inMemory ? { state: 'read', changes: inMemory } : { state: isApps ? 'encrypted' : 'hidden', bytes };
}

/** What cojson has decrypted already, since the app has read it. */
function changesInMemory(
  node: LocalNode,
  id: string,
): (sessionID: string, index: number) => readonly unknown[] | undefined {
  const byPlace = new Map<string, readonly unknown[]>();
  for (const { txID, changes } of findCoValue(node, id)?.verifiedTransactions ?? []) {
    if (changes) byPlace.set(`${txID.sessionID} ${txID.txIndex}`, changes);
  }
  return (sessionID, index) => byPlace.get(`${sessionID} ${index}`);
}

/** Only what is word for word the same; where a text is not kept any more, nobody can tell. */
async function sentBeside(
  row: MessageRow,
  text: MessageText,
  reader: MessageReader,
): Promise<readonly MessageRow[]> {
  if (text.state !== 'kept') return [];
  const rows: MessageRow[] = [];
  for (let number = row.number - besideInNumbers; number < row.number + besideInNumbers; number++) {
    const other = number === row.number ? undefined : reader.row(number);
    if (!other?.confirmation || other.id !== row.id || other.relayID === row.relayID) continue;
    if (other.count !== row.count || other.bytes !== row.bytes || rows.length === mostBeside) continue;
    const own = await reader.textOf(number);
    if (own.state === 'kept' && own.text === text.text) rows.push(other);
  }
  return rows;
}
