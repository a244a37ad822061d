import type { LocalNode } from 'cojson';
import { contentBytes, type Content } from '../../../engine/content.ts';
import { dependedOn } from '../../../engine/covalue-access.ts';
import { getOrCreateCoValue } from '../../../engine/covalue-lookup.ts';
import { awaitNoMore, namedIn } from '../../../engine/release-pacing.ts';
import type { StoredContent } from '../../storage/content-loader.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { StatelessRefusal } from '../refusal.ts';
import type { Pace } from '../request-pace.ts';

export interface NeededOptions {
  /** The node that the content is put into. */
  readonly node: LocalNode;
  readonly reader: ReturnType<SqlStorage['openReader']>;
  readonly inTurn: Pace['inTurn'];
  /** So many bytes are loaded of what is stored. */
  loaded(bytes: number): void;
  /** The relay has this. */
  isStored(piece: Content): void;
  /** The most that a push may load, besides what the CoValue needs that needs most. */
  readonly maxLoadedBytes: number;
}

/** Brings what is stored to a node, for the check of a push. */
export interface NeededContent {
  /**
   * Loads these and what they depend on, dependencies first, for the CoValue that is changed; without one, each is changed. Rejects with
   * a `StatelessRefusal` if the push needs too much.
   */
  load(ids: readonly string[], changedID?: string): Promise<void>;
  /** Whether it was stored and is loaded. */
  has(id: string): boolean;
}

/** How many CoValues are read ahead. Of each, up to 100 kB are read at once. */
const maxAhead = 16;
// Measured; see `trackLoaded`.
const bytesPerCoValue = 14_000;
const bytesPerStoredByte = 3.2;

export function loadNeeded({
  node,
  reader,
  inTurn,
  loaded,
  isStored,
  maxLoadedBytes,
}: NeededOptions): NeededContent {
  const entered = new Set<string>();
  const ahead = new Map<string, StoredContent | undefined>();
  const stored = new Set<string>();
  let loadedBytes = 0;
  /** By the changed CoValue that needs it. */
  const neededBytes = new Map<string, number>();
  let mostNeededBytes = 0;

  function putStored(piece: Content, changedID: string): void {
    const bytes = (stored.has(piece.id) ? 0 : bytesPerCoValue) + bytesPerStoredByte * contentBytes(piece);
    stored.add(piece.id);
    isStored(piece);
    loadedBytes += bytes;
    const needed = (neededBytes.get(changedID) ?? 0) + bytes;
    neededBytes.set(changedID, needed);
    mostNeededBytes = Math.max(mostNeededBytes, needed);
    loaded(loadedBytes);
    // Otherwise a CoValue that is long could never be changed.
    if (loadedBytes - mostNeededBytes > maxLoadedBytes)
      throw new StatelessRefusal(
        'too-large',
        'The relay would have to load too much for the CoValues of this push. Push fewer at a time.',
      );
    awaitNamedNoMore(node, piece);
    node.syncManager.handleNewContent(piece, 'storage');
  }

  async function load(ids: readonly string[], changedID?: string): Promise<void> {
    for (const [index, id] of ids.entries()) {
      if (entered.has(id)) continue;
      if (!ahead.has(id)) await readAhead(ids.slice(index));
      const found = ahead.get(id);
      ahead.delete(id);
      if (!entered.has(id)) await take(id, found, changedID ?? id);
    }
  }

  async function readAhead(ids: readonly string[]): Promise<void> {
    const next = ids.filter((id) => !entered.has(id) && !ahead.has(id));
    await Promise.all(
      next
        .slice(0, Math.max(1, maxAhead - ahead.size))
        .map(async (id) => ahead.set(id, await reader.read(id))),
    );
  }

  async function take(id: string, found: StoredContent | undefined, changedID: string): Promise<void> {
    entered.add(id);
    if (!found) return;
    for await (const piece of found.pieces) {
      await load(dependedOn(found.header, piece), changedID);
      await inTurn(() => putStored(piece, changedID));
    }
  }

  return { load, has: (id) => stored.has(id) };
}

/** A named CoValue that is not here by now is not stored, and cojson would wait for it. */
export function awaitNamedNoMore(node: LocalNode, content: Content): void {
  awaitNoMore(getOrCreateCoValue(node, content.id), namedIn(node, content));
}
