import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { KnownCoValue } from '../storage/newer-loader.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { Subscriptions } from '../client/subscriptions.ts';

/** Brings what other relays stored into this one's memory, from where its clients get it. */
export interface CatchUp {
  /** Other relays committed something of these. */
  read(ids: readonly string[]): void;
  /** They may have committed anything. */
  readAll(): void;
}

export interface CatchUpOptions {
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'load' | 'loadNewer'>;
  readonly subscriptions: Pick<Subscriptions, 'has' | 'ids'>;
  readonly logger: Logger;
}

const idsAtOnce = 200;

export function createCatchUp({ node, storage, subscriptions, logger }: CatchUpOptions): CatchUp {
  const due = new Set<string>();
  let isReading = false;

  function read(ids: Iterable<string>): void {
    // A client that was told that there is no such CoValue still waits for it, also when memory has let it go.
    for (const id of ids) if (node.isCoValueInMemory(asCoValueID(id)) || subscriptions.has(id)) due.add(id);
    if (isReading || due.size === 0) return;
    isReading = true;
    queueMicrotask(() => void readDue());
  }

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const ids = [...due].slice(0, idsAtOnce);
      for (const id of ids) due.delete(id);
      try {
        await readNow(ids);
      } catch (error) {
        logger.warn('What another relay stored could not be read', { error });
      }
      await nextTurn();
    }
    isReading = false;
  }

  async function readNow(ids: readonly string[]): Promise<void> {
    const known: KnownCoValue[] = [];
    for (const id of ids) {
      const coValue = node.getCoValue(asCoValueID(id));
      if (coValue.hasVerifiedContent()) {
        known.push({ header: coValue.verified.header, state: coValue.knownState() });
      } else {
        // cojson itself asks the storage once only, and keeps to it that something is not there.
        storage.load(id, handOut);
      }
    }
    if (known.length > 0) await storage.loadNewer(known, handOut);
  }

  /** To those who follow the CoValue too. As it comes from the storage, it is not stored again. */
  function handOut(content: CojsonInternalTypes.NewContentMessage): void {
    try {
      node.syncManager.handleNewContent(content, 'storage');
    } catch (error) {
      logger.warn('What another relay stored was rejected', { id: content.id, error });
    }
  }

  return {
    read,
    readAll() {
      read([...node.allCoValues()].map(({ id }) => id));
      read(subscriptions.ids());
    },
  };
}

function asCoValueID(id: string): RawCoID {
  return id as RawCoID;
}
