import { cojsonInternals, type AvailableCoValueCore, type CoValueCore, type JsonValue } from 'cojson';
import { isCount } from '../../base/json.ts';
import { largestFileBytes } from './file-limits.ts';

// A file is a binary stream of cojson: items that start it, a chunk each, and an end. Anyone who may write to the group can add
// items, so those of the file's writer count alone. The form of the items is checked when cojson reads them (READ-1).

/** The header's meta; it takes part in the stream's ID, so that no other account can claim to be the writer. */
export function fileMeta(writer: string) {
  return { type: 'binary', writer } as const;
}

export function isFile({ verified: { header } }: AvailableCoValueCore): boolean {
  return header.type === 'costream' && header.meta?.['type'] === 'binary';
}

export interface FileStart {
  readonly mimeType: string;
  readonly fileName?: string;
  readonly totalSizeBytes?: number;
}

/** What the writer has written, in order. */
export interface FileContent {
  readonly start: FileStart | undefined;
  /** In base64url, without padding. */
  readonly chunks: readonly string[];
  readonly bytes: number;
  readonly hasEnded: boolean;
}

type Item =
  | (FileStart & { readonly type: 'start' })
  | { readonly type: 'chunk'; readonly chunk: string }
  | { readonly type: 'end' };

type Transaction = ReturnType<CoValueCore['getValidTransactions']>[number];

/** Reads everything that is here. The cost is that of all chunks, but not of their bytes. */
export function readContent(core: AvailableCoValueCore): FileContent {
  const transactions = core.getValidSortedTransactions({ ignorePrivateTransactions: false });
  const writer = writerOf(core) ?? transactions.find((one) => itemsOf(one).some(isStart))?.author;
  const items = transactions.filter(({ author }) => author === writer).flatMap(itemsOf);
  const end = items.findIndex(({ type }) => type === 'end');
  const chunks = items.slice(0, end < 0 ? undefined : end).flatMap(chunkOf);
  const bytes = chunks.reduce((sum, chunk) => sum + bytesOf(chunk), 0);
  return { start: items.find(isStart), chunks, bytes, hasEnded: end >= 0 };
}

/**
 * Counts what has arrived, at the cost of what has arrived since the last call. If the writer is not named, it may count what others
 * have written, too.
 */
export function createArrivals(core: AvailableCoValueCore): () => Arrivals {
  const writer = writerOf(core);
  let { version } = core.getCurrentContent();
  let knownTransactions = { [core.id]: 0 };
  let bytes = 0;
  let start: FileStart | undefined;
  let hasEnd = false;

  /** If other transactions count now, cojson keeps them in another order. */
  function beginAgain(): void {
    ({ version } = core.getCurrentContent());
    knownTransactions = { [core.id]: 0 };
    bytes = 0;
    start = undefined;
    hasEnd = false;
  }

  return () => {
    if (core.getCurrentContent().version !== version) beginAgain();
    for (const one of core.getValidTransactions({ ignorePrivateTransactions: false, knownTransactions })) {
      if (writer !== undefined && one.author !== writer) continue;
      for (const item of itemsOf(one)) {
        if (isStart(item)) start ??= item;
        hasEnd ||= item.type === 'end';
        for (const chunk of chunkOf(item)) bytes += bytesOf(chunk);
      }
    }
    return { start, bytes, hasEnd };
  };
}

export interface Arrivals {
  readonly start: FileStart | undefined;
  readonly bytes: number;
  readonly hasEnd: boolean;
}

/** Whether more comes of it than its writer announced, or than this device takes. */
export function isTooMuch({ start, bytes }: Pick<FileContent, 'start' | 'bytes'>): boolean {
  const total = start?.totalSizeBytes ?? 0;
  return !isCount(total) || total > largestFileBytes || bytes > (start?.totalSizeBytes ?? largestFileBytes);
}

export function decodeChunk(chunk: string): Uint8Array<ArrayBuffer> {
  return cojsonInternals.base64URLtoBytes(chunk);
}

/** Undefined for a file of another library, which the author of the earliest beginning wrote. */
function writerOf({ verified: { header } }: AvailableCoValueCore): JsonValue | undefined {
  return header.meta?.['writer'];
}

function itemsOf({ changes }: Transaction): readonly Item[] {
  return changes as unknown as readonly Item[];
}

function isStart(item: Item): item is FileStart & { readonly type: 'start' } {
  return item.type === 'start';
}

const prefix = 'binary_U';

function chunkOf(item: Item): readonly string[] {
  return item.type === 'chunk' ? [item.chunk.slice(prefix.length).replace(/=+$/, '')] : [];
}

function bytesOf(chunk: string): number {
  return Math.floor((chunk.length * 3) / 4);
}
