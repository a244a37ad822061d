import type { LocalNode } from 'cojson';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import { isAppContent } from '../shared/app-content.ts';
import type { MessageRow, MessageText } from '../snapshot/message-types.ts';
import type { MessageReader } from './message-reader.ts';

export interface MessageDetail {
  readonly row: MessageRow;
  readonly text: MessageText;
  /** For a `content`: at most 200 transactions, oldest first within each session. */
  readonly sessions?: readonly DecodedSession[];
  /** Identifies the account's own transactions; undefined for imported messages. */
  readonly ownAccountID?: string;
  /** Number of transactions omitted from `sessions`. */
  readonly leftOut?: number;
  /** For a `known` or `load`: the `content`s it confirmed, newest first. */
  readonly confirmed?: readonly number[];
  /** The same content sent to other relays at about the same time. */
  readonly alsoSent?: readonly MessageRow[];
}

export interface DecodedSession {
  readonly sessionID: string;
  /** Number of earlier transactions in the session. */
  readonly after: number;
  readonly transactions: readonly DecodedTransaction[];
}

export interface DecodedTransaction {
  readonly index: number;
  readonly madeAtMs: number;
  readonly changes: DecodedChanges;
}
/** `hidden`: the kernel's own values, and groups' keys. */
export type DecodedChanges =
  | { readonly state: 'read'; readonly changes: readonly unknown[] }
  | { readonly state: 'encrypted' | 'hidden'; readonly bytes: number };

const maxTransactions = 200;
const nearbyMessages = 500;
const maxAlsoSent = 8;

/** Decodes only what is public or already decrypted by the app; loads and decrypts nothing. */
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
  const alsoSent = row.confirmation && { alsoSent: await findAlsoSent(row, text, reader) };
  return {
    row,
    text,
    ...(isRecord(message) && decodeContent(message, row, node)),
    ...confirmed,
    ...alsoSent,
  };
}

function decodeContent(
  message: Readonly<Record<string, unknown>>,
  { id = '' }: MessageRow,
  node: LocalNode | undefined,
): Pick<MessageDetail, 'sessions' | 'leftOut' | 'ownAccountID'> {
  if (!isRecord(message.new)) return {};
  const header = (node && findCoValue(node, id)?.verified?.header) ?? message.header;
  const isApp = isAppContent(header, node);
  const read = node && isApp ? changesInMemory(node, id) : () => undefined;
  let room = maxTransactions;
  let leftOut = 0;
  const sessions = Object.entries(message.new).flatMap(([sessionID, session]): readonly DecodedSession[] => {
    if (!isRecord(session) || typeof session.after !== 'number' || !Array.isArray(session.newTransactions)) {
      return [];
    }
    const { after } = session;
    const shown = session.newTransactions.slice(0, room);
    leftOut += session.newTransactions.length - shown.length;
    room -= shown.length;
    const transactions = shown.flatMap((transaction: unknown, offset): readonly DecodedTransaction[] => {
      if (!isRecord(transaction) || typeof transaction.madeAt !== 'number') return [];
      const index = after + offset;
      return [
        {
          index,
          madeAtMs: transaction.madeAt,
          changes: decodeChanges(transaction, isApp, read(sessionID, index)),
        },
      ];
    });
    return [{ sessionID, after, transactions }];
  });
  const account = node && { ownAccountID: node.getCurrentAccountOrAgentID() };
  return { sessions, ...account, ...(leftOut > 0 && { leftOut }) };
}

function decodeChanges(
  { privacy, changes, encryptedChanges }: Readonly<Record<string, unknown>>,
  isApp: boolean,
  inMemory: readonly unknown[] | undefined,
): DecodedChanges {
  const stored = privacy === 'private' ? encryptedChanges : changes;
  const bytes = typeof stored === 'string' ? stored.length : 0;
  if (privacy !== 'private') {
    const parsed = typeof changes === 'string' ? parseJson(changes) : undefined;
    if (isApp && Array.isArray(parsed)) return { state: 'read', changes: parsed };
    return { state: 'hidden', bytes };
  }
  return inMemory ? { state: 'read', changes: inMemory } : { state: isApp ? 'encrypted' : 'hidden', bytes };
}

/** The changes that cojson has already decrypted because the app read them. */
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

/** Only identical texts; a message whose text is no longer available is omitted. */
async function findAlsoSent(
  row: MessageRow,
  text: MessageText,
  reader: MessageReader,
): Promise<readonly MessageRow[]> {
  if (text.state !== 'kept') return [];
  const rows: MessageRow[] = [];
  for (let number = row.number - nearbyMessages; number < row.number + nearbyMessages; number++) {
    const other = number === row.number ? undefined : reader.row(number);
    if (!other?.confirmation || other.id !== row.id || other.relayID === row.relayID) continue;
    if (other.count !== row.count || other.bytes !== row.bytes || rows.length === maxAlsoSent) continue;
    const otherText = await reader.textOf(number);
    if (otherText.state === 'kept' && otherText.text === text.text) rows.push(other);
  }
  return rows;
}
