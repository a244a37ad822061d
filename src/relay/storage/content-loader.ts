import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { createBatchReader } from './batch-reader.ts';
import { contentPieces, newerPieces, type ReadMore } from './content-pieces.ts';
import { dependedOn } from '../../engine/covalue-access.ts';
import { isDeleteSession, type Content, type CoValueHeader, type KnownState } from '../../engine/content.ts';
import { createNewerReader } from './read-newer.ts';
import { readSessions, readSnapshots, readTransactions, type Snapshot } from './read-rows.ts';

/** The stored content of a CoValue, to be sent without loading it into memory. */
export interface StoredContent {
  readonly header: CoValueHeader;
  /** If true, only the deletion may be sent. */
  readonly isDeleted: boolean;
  /** How much of it was read. */
  readonly bytes: number;
  /** Whether the rest is read while the pieces are taken. */
  readonly isStreamed: boolean;
  /** Whether more is stored than the pieces have. */
  readonly isPartial: boolean;
  /** Throws if a read fails or if the history is erased meanwhile. */
  readonly pieces: Iterable<Content> | AsyncIterable<Content>;
}

export interface ContentLoader {
  /** Hands out a CoValue, its dependencies first. Resolves with false if it is not stored; rejects if a read fails. */
  load(id: string, handOut: (content: Content) => void): Promise<boolean>;
  /** Undefined if the CoValue is not stored; rejects if the read fails. */
  read(id: string): Promise<StoredContent | undefined>;
  /** Like `read`, but only what is beyond a known state, or a part of that. */
  readNewer(known: KnownState): Promise<StoredContent | undefined>;
  /** Whether all stored content of the CoValue was handed out or came from the node. */
  wasHandedOut(id: string): boolean;
  markHandedOut(id: string): void;
  forget(id: string): void;
  forgetAll(): void;
}

interface Reading {
  readonly id: string;
  /** Throws if what is read no longer counts. */
  readonly check: () => void;
  readonly snapshot: Promise<Snapshot | undefined>;
}

export function createContentLoader(
  database: Pick<Database, 'query'>,
  /** Called with the stored state of each CoValue handed out. */
  loaded: (state: KnownState) => void,
  /** Called when a read begins. The returned function throws if what was read by then no longer counts. */
  beginRead: () => () => void,
  /** See `readSnapshots`. */
  onlySessions?: readonly string[],
): ContentLoader {
  const reader = createBatchReader((ids) => readSnapshots(database.query, ids, onlySessions));
  const readMore: ReadMore = {
    transactions: (...range) => readTransactions(database.query, ...range),
    sessions: (...counts) => readSessions(database.query, ...counts),
  };
  const readNewerOf = createNewerReader(database.query);
  const handedOut = new Set<string>();

  function beginReading(id: string): Reading {
    const reading = { id, check: beginRead(), snapshot: reader.read(id) };
    // It is not awaited if the load fails before.
    reading.snapshot.catch(() => {});
    return reading;
  }

  /** Visits each CoValue once, one after another: there can be endlessly many ways from one to another, and circles. */
  async function load(rootID: string, handOut: (content: Content) => void): Promise<boolean> {
    const visited = new Set<string>();
    /** All dependencies of a piece are read together. */
    const ahead = new Map<string, Reading>();

    async function visit({ id, check, snapshot: read }: Reading): Promise<boolean> {
      visited.add(id);
      const snapshot = await read;
      if (!snapshot) return false;
      const header = headerOf(snapshot);
      for await (const piece of contentPieces(snapshot, header, readMore)) {
        await visitAll(missingOf(header, piece));
        // Another load may have handed out this dependency meanwhile. The requested CoValue is always handed out.
        if (id !== rootID && handedOut.has(id)) return true;
        check();
        handOut(piece);
        // A large CoValue has hundreds of pieces, which are handled on this thread: let other work run in between.
        if (piece.header === undefined) await nextTurn();
      }
      check();
      handedOut.add(id);
      loaded(stateOf(snapshot));
      return true;
    }

    function missingOf(header: CoValueHeader, piece: Content): readonly string[] {
      return dependedOn(header, piece).filter((id) => !handedOut.has(id) && !visited.has(id));
    }

    async function visitAll(ids: readonly string[]): Promise<void> {
      for (const id of ids) if (!ahead.has(id)) ahead.set(id, beginReading(id));
      for (const id of ids) {
        const reading = ahead.get(id);
        ahead.delete(id);
        if (reading && !visited.has(id)) await visit(reading);
      }
    }

    return visit(beginReading(rootID));
  }

  return {
    load,
    async read(id) {
      const snapshot = await reader.read(id);
      if (!snapshot) return undefined;
      const header = headerOf(snapshot);
      const pieces = contentPieces(snapshot, header, readMore);
      return {
        header,
        pieces,
        bytes: bytesOf(snapshot),
        isStreamed: Symbol.asyncIterator in pieces,
        isPartial: false,
        isDeleted: [...snapshot.sessions.keys()].some(isDeleteSession),
      };
    },
    async readNewer(known) {
      const newer = await readNewerOf(known);
      if (!newer) return undefined;
      const { header, sessions, isPartial } = newer;
      return {
        ...{ header, isPartial },
        pieces: newerPieces(known.id, header, sessions, readMore),
        bytes: [...sessions.values()].reduce((sum, { transactions }) => sum + transactions.length, 0),
        isStreamed: [...sessions.values()].some(({ signatures }) => signatures.length > 0),
        isDeleted: [...sessions.keys()].some(isDeleteSession),
      };
    },
    wasHandedOut: (id) => handedOut.has(id),
    markHandedOut: (id) => void handedOut.add(id),
    forget: (id) => void handedOut.delete(id),
    forgetAll: () => handedOut.clear(),
  };
}

function bytesOf({ header, sessions }: Snapshot): number {
  let bytes = header.length;
  for (const { transactions } of sessions.values()) bytes += transactions?.length ?? 0;
  return bytes;
}

function headerOf({ header }: Snapshot): CoValueHeader {
  return JSON.parse(header) as CoValueHeader;
}

function stateOf({ id, sessions }: Snapshot): KnownState {
  const counts: KnownState['sessions'] = {};
  for (const [sessionID, { lastIdx }] of sessions) counts[sessionID] = lastIdx;
  return { id, header: true, sessions: counts };
}
