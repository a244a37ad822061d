import {
  directions,
  messageTypes,
  type Confirmation,
  type MessageFacts,
  type MessageText,
  type MessageType,
} from '../snapshot/message-types.ts';
import { priorities } from '../snapshot/queue-facts.ts';
import type { Interned } from './interned.ts';
import type { MessageBlock } from './message-block.ts';

export type NewMessage = Omit<MessageFacts, 'number' | 'confirmation' | 'confirms'>;

// A row's flags: the direction (2 bits), the priority (2 bits), and these.
const [continues, withheld, counted, dropped] = [16, 32, 64, 128];
const withoutText: ReadonlySet<MessageType> = new Set(['opened', 'closed']);

/** Marks the confirmation as no longer tracked, in place of a partner. */
export const unwatched = 0xffffffff;

export function flagsOf(message: NewMessage, text: MessageText): number {
  return (
    directions.indexOf(message.direction) |
    ((message.priority ? priorities.indexOf(message.priority) + 1 : 0) << 2) |
    (message.continuesFrame ? continues : 0) |
    (text.state === 'withheld' ? withheld : 0) |
    (text.state === 'dropped' ? dropped : 0) |
    (message.count === undefined ? 0 : counted)
  );
}

export function typeIn({ columns }: MessageBlock, row: number): MessageType {
  return messageTypes[columns.type[row] ?? -1] ?? 'other';
}

/** Undefined if the row was added with its text, which the block may have dropped since. */
export function stateWithoutText(
  block: MessageBlock,
  row: number,
): Exclude<MessageText['state'], 'kept'> | undefined {
  if (withoutText.has(typeIn(block, row))) return 'none';
  const flags = block.columns.flags[row] ?? 0;
  if (flags & withheld) return 'withheld';
  return flags & dropped ? 'dropped' : undefined;
}

interface Around {
  readonly words: Interned;
  readonly relays: Interned;
  readonly atMsOf: (number: number) => number | undefined;
}

export function readRow(block: MessageBlock, row: number, { words, relays, atMsOf }: Around): MessageFacts {
  const { columns } = block;
  const flags = columns.flags[row] ?? 0;
  const type = typeIn(block, row);
  const partner = columns.partner[row] ?? 0;
  const direction = directions[flags & 3] ?? 'none';
  const priority = priorities[((flags >> 2) & 3) - 1];
  const id = words.at(columns.id[row] ?? 0);
  const note = words.at(columns.note[row] ?? 0);
  const atMs = columns.atMs[row] ?? 0;
  return {
    number: block.first + row,
    ...{ atMs, direction, relayID: relays.at(columns.relay[row] ?? 0) ?? '' },
    channel: columns.channel[row] ?? 0,
    type,
    ...(id !== undefined && { id }),
    bytes: columns.bytes[row] ?? 0,
    ...(flags & continues && { continuesFrame: true }),
    ...(flags & counted && { count: columns.count[row] ?? 0 }),
    ...(priority && { priority }),
    ...(note !== undefined && { note }),
    ...(type === 'content' &&
      direction === 'sent' && { confirmation: confirmationOf(partner, atMs, atMsOf) }),
    ...(type !== 'content' &&
      partner > 0 && { confirms: { newest: partner, messages: columns.partners[row] ?? 1 } }),
  };
}

function confirmationOf(partner: number, atMs: number, atMsOf: Around['atMsOf']): Confirmation {
  if (partner === 0) return { state: 'waiting' };
  const byAtMs = partner === unwatched ? undefined : atMsOf(partner);
  if (byAtMs === undefined) return { state: 'unknown' };
  return { state: 'confirmed', by: partner, afterMs: byAtMs - atMs };
}
