import {
  messageTypes,
  type MessageFacts,
  type MessageText,
  type MessageType,
} from '../snapshot/message-types.ts';
import { deflate, inflate } from './deflate.ts';
import { createInterned } from './interned.ts';
import {
  addText,
  bytesOfRows,
  bytesOfTexts,
  createBlock,
  isFull,
  sealBlock,
  type MessageBlock,
} from './message-block.ts';
import { flagsOf, readRow, stateWithoutText, typeIn, unwatched, type NewMessage } from './message-row.ts';

/**
 * Messages within a byte limit: rows of facts, plain texts for the newest, deflated ones for older; the oldest are
 * evicted.
 */
export interface MessageStore {
  /** Number of the oldest message; above `last` if there is none. */
  readonly first: number;
  readonly last: number;
  readonly dropped: number;
  readonly firstWithText: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
  /** Incremented with each change. */
  readonly version: number;
  add(message: NewMessage, text: MessageText): number;
  setConfirmed(number: number, by: number): void;
  setConfirms(number: number, newest: number, messages: number): void;
  setUnwatched(number: number): void;
  at(number: number): MessageFacts | undefined;
  /** Visits each message from `from` on. `wordsKey` is equal for messages with equal searchable text. */
  scan(from: number, visit: (number: number, type: MessageType, wordsKey: number) => void): void;
  /** Numbers of the messages about a CoValue, newest first. */
  about(id: string, max: number): readonly number[];
  /** The texts of this message's block. */
  textsAt(number: number): Promise<{ readonly first: number; readonly texts: readonly MessageText[] }>;
  /** Sets how much memory is used elsewhere for these messages; `bytes` includes it. */
  setBytesBeside(bytes: number): void;
  /** Resolves once all due texts are deflated. */
  settled(): Promise<void>;
}

export const defaultMaxBytes = 20_000_000;
/** The newest texts stay plain up to this size, because people look at those. */
const plainBytes = 1_000_000;

export function createMessageStore(maxBytes = defaultMaxBytes, firstNumber = 1): MessageStore {
  const blocks: MessageBlock[] = [];
  const words = createInterned();
  const relays = createInterned();
  const byType: Partial<Record<MessageType, number>> = {};
  let last = firstNumber - 1;
  let [rowBytes, textBytes, besideBytes] = [0, 0, 0];
  let version = 0;
  /** All blocks before this index are packed or dropped. */
  let firstPlain = 0;
  let packing: Promise<void> | undefined;

  const bytes = () => rowBytes + textBytes + besideBytes + words.bytes + relays.bytes;

  function changeTexts(block: MessageBlock, change: () => void): void {
    textBytes -= bytesOfTexts(block);
    change();
    textBytes += bytesOfTexts(block);
  }

  function openBlock(): MessageBlock {
    const current = blocks.at(-1);
    if (current && !isFull(current)) return current;
    if (current) {
      rowBytes -= bytesOfRows(current);
      sealBlock(current);
      rowBytes += bytesOfRows(current);
    }
    const block = createBlock(last + 1);
    blocks.push(block);
    rowBytes += bytesOfRows(block);
    packing ??= pack().finally(() => (packing = undefined));
    return block;
  }

  async function pack(): Promise<void> {
    for (;;) {
      let plain = 0;
      for (const block of blocks.slice(firstPlain)) plain += bytesOfTexts(block);
      const block = blocks[firstPlain];
      if (!block || block === blocks.at(-1) || plain <= plainBytes) return;
      const { texts } = block;
      const packed = texts.kind === 'plain' ? await deflate(texts.texts.join('\n')) : undefined;
      // The block may have been evicted meanwhile.
      if (packed && block.texts === texts)
        changeTexts(block, () => (block.texts = { kind: 'packed', packed }));
      if (blocks[firstPlain] === block) firstPlain++;
      version++;
    }
  }

  function makeRoom(): void {
    while (bytes() > maxBytes) {
      const oldest = blocks[0];
      // Never evict the block being written; it is far smaller than any limit.
      if (!oldest || blocks.length === 1) return;
      const oldestWithText = blocks.slice(0, -1).find(({ texts }) => texts.kind !== 'dropped');
      if (oldestWithText && rowBytes <= maxBytes / 2) {
        changeTexts(oldestWithText, () => (oldestWithText.texts = { kind: 'dropped' }));
      } else {
        dropOldest(oldest);
      }
    }
  }

  function dropOldest(block: MessageBlock): void {
    changeTexts(block, () => (block.texts = { kind: 'dropped' }));
    rowBytes -= bytesOfRows(block);
    blocks.shift();
    firstPlain = Math.max(0, firstPlain - 1);
    for (let row = 0; row < block.count; row++) {
      const type = typeIn(block, row);
      byType[type] = (byType[type] ?? 1) - 1;
      words.release(block.columns.id[row] ?? 0);
      words.release(block.columns.note[row] ?? 0);
      relays.release(block.columns.relay[row] ?? 0);
    }
  }

  function indexOfBlock(number: number): number {
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((blocks[middle]?.first ?? Infinity) <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function find(number: number): { readonly block: MessageBlock; readonly row: number } | undefined {
    const block = blocks[indexOfBlock(number)];
    const row = block ? number - block.first : -1;
    return block && row >= 0 && row < block.count ? { block, row } : undefined;
  }

  function at(number: number): MessageFacts | undefined {
    const found = find(number);
    if (!found) return undefined;
    const { block, row } = found;
    const atMsOf = (partner: number) => {
      const other = find(partner);
      return other && other.block.columns.atMs[other.row];
    };
    return readRow(block, row, { words, relays, atMsOf });
  }

  function setPartner(number: number, partner: number, partners = 0): void {
    const found = find(number);
    if (!found) return;
    found.block.columns.partner[found.row] = partner;
    found.block.columns.partners[found.row] = Math.min(partners, 0xffff);
    version++;
  }

  return {
    get first() {
      return blocks[0]?.first ?? last + 1;
    },
    get last() {
      return last;
    },
    get dropped() {
      return (blocks[0]?.first ?? last + 1) - firstNumber;
    },
    get firstWithText() {
      return blocks.find(({ texts }) => texts.kind !== 'dropped')?.first ?? last + 1;
    },
    get bytes() {
      return bytes();
    },
    maxBytes,
    byType,
    get version() {
      return version;
    },
    add(message, text) {
      const block = openBlock();
      const row = block.count++;
      last++;
      version++;
      const { columns } = block;
      columns.atMs[row] = message.atMs;
      columns.type[row] = messageTypes.indexOf(message.type);
      columns.flags[row] = flagsOf(message, text);
      columns.relay[row] = relays.hold(message.relayID);
      columns.channel[row] = message.channel;
      columns.id[row] = words.hold(message.id);
      columns.note[row] = words.hold(message.note);
      columns.bytes[row] = message.bytes;
      columns.count[row] = message.count ?? 0;
      changeTexts(block, () => addText(block.texts, text.state === 'kept' ? text.text : ''));
      byType[message.type] = (byType[message.type] ?? 0) + 1;
      makeRoom();
      return last;
    },
    setConfirmed: setPartner,
    setConfirms: setPartner,
    setUnwatched: (number) => setPartner(number, unwatched),
    at,
    scan(from, visit) {
      for (const block of blocks.slice(indexOfBlock(from))) {
        const { id, note, relay, type } = block.columns;
        for (let row = Math.max(0, from - block.first); row < block.count; row++) {
          const wordsOfRow = (id[row] ?? 0) * 2 ** 20 + (note[row] ?? 0);
          visit(
            block.first + row,
            typeIn(block, row),
            (wordsOfRow * 16 + (type[row] ?? 0)) * 256 + (relay[row] ?? 0),
          );
        }
      }
    },
    about(id, max) {
      const slot = words.slotOf(id);
      const numbers: number[] = [];
      if (slot === 0) return numbers;
      for (const { first, count, columns } of [...blocks].reverse()) {
        for (let row = count - 1; row >= 0; row--) {
          if (columns.id[row] === slot && numbers.push(first + row) === max) return numbers;
        }
      }
      return numbers;
    },
    async textsAt(number) {
      const found = find(number);
      if (!found) return { first: number, texts: [{ state: 'dropped' }] };
      const { block } = found;
      const texts = await plainTexts(block);
      return {
        first: block.first,
        texts: Array.from({ length: block.count }, (_, row): MessageText => {
          const state = stateWithoutText(block, row);
          if (state) return { state };
          const text = texts?.[row];
          return text === undefined ? { state: 'dropped' } : { state: 'kept', text };
        }),
      };
    },
    setBytesBeside(next) {
      besideBytes = next;
    },
    settled: async () => packing,
  };
}

async function plainTexts({ texts }: MessageBlock): Promise<readonly string[] | undefined> {
  if (texts.kind === 'packed') return (await inflate(texts.packed)).split('\n');
  return texts.kind === 'plain' ? texts.texts : undefined;
}

export async function textAt(store: MessageStore, number: number): Promise<MessageText> {
  const { first, texts } = await store.textsAt(number);
  return texts[number - first] ?? { state: 'dropped' };
}
