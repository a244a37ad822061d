/** Messages per block; fewer if their texts are long. */
export const messagesPerBlock = 512;
const maxTextBytes = 96 * 1024;
const overheadBytes = 1_024;
/** Overhead of a string. */
const bytesPerString = 24;

/** Consecutive messages: one array per column, and their texts together. */
export interface MessageBlock {
  readonly first: number;
  count: number;
  columns: Columns;
  texts: BlockTexts;
}
export type BlockTexts =
  | { readonly kind: 'plain'; readonly texts: string[]; bytes: number }
  /** Joined by line breaks, which no message contains, and deflated. */
  | { readonly kind: 'packed'; readonly packed: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'dropped' };

export type Columns = ReturnType<typeof createColumns>;

function createColumns(rows: number) {
  return {
    atMs: new Float64Array(rows),
    type: new Uint8Array(rows),
    flags: new Uint8Array(rows),
    relay: new Uint8Array(rows),
    channel: new Uint32Array(rows),
    id: new Uint32Array(rows),
    note: new Uint32Array(rows),
    bytes: new Uint32Array(rows),
    count: new Uint32Array(rows),
    /** The number of the message at the other end of a confirmation; 0 for none. */
    partner: new Uint32Array(rows),
    /** For a `known` or `load`: how many messages it confirmed. */
    partners: new Uint16Array(rows),
  };
}
const bytesPerRow = 8 + 1 + 1 + 1 + 4 * 6 + 2;

export function createBlock(first: number): MessageBlock {
  return {
    first,
    count: 0,
    columns: createColumns(messagesPerBlock),
    texts: { kind: 'plain', texts: [], bytes: 0 },
  };
}

export function isFull({ count, texts }: MessageBlock): boolean {
  return count === messagesPerBlock || (texts.kind === 'plain' && texts.bytes >= maxTextBytes);
}

export function sealBlock(block: MessageBlock): void {
  if (block.count === messagesPerBlock) return;
  const { count, columns } = block;
  const { atMs, type, flags, relay, channel, id, note, bytes, partner, partners } = columns;
  block.columns = {
    atMs: atMs.slice(0, count),
    type: type.slice(0, count),
    flags: flags.slice(0, count),
    relay: relay.slice(0, count),
    channel: channel.slice(0, count),
    id: id.slice(0, count),
    note: note.slice(0, count),
    bytes: bytes.slice(0, count),
    count: columns.count.slice(0, count),
    partner: partner.slice(0, count),
    partners: partners.slice(0, count),
  };
}

export function addText(texts: BlockTexts, text: string): void {
  if (texts.kind !== 'plain') return;
  texts.texts.push(text);
  texts.bytes += bytesOfString(text);
}

/** Like the JavaScript engine: two bytes per character as soon as one character does not fit into a byte. */
function bytesOfString(text: string): number {
  return bytesPerString + (/[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length);
}

export function bytesOfRows({ columns }: MessageBlock): number {
  return overheadBytes + columns.type.length * bytesPerRow;
}

export function bytesOfTexts({ texts }: MessageBlock): number {
  if (texts.kind === 'plain') return texts.bytes;
  return texts.kind === 'packed' ? texts.packed.byteLength : 0;
}
