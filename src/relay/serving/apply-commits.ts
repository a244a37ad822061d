import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { KnownCoValue } from '../storage/read-newer.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { SubscriberIndex } from '../client/subscriber-index.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** Loads other relays' commits into this relay's node, which passes them on to its clients. */
export interface CommitApplier {
  /** Other relays committed content of these CoValues. */
  apply(ids: readonly string[]): void;
  /** Other relays may have committed content of any CoValue. */
  applyAll(): void;
}

export interface CommitApplierOptions {
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'load' | 'loadNewer'>;
  readonly subscribers: Pick<SubscriberIndex, 'has' | 'ids'>;
  readonly logger: Logger;
}

const idsPerRead = 200;

export function createCommitApplier({
  node,
  storage,
  subscribers,
  logger,
}: CommitApplierOptions): CommitApplier {
  const due = new Set<string>();
  let isReading = false;

  function apply(ids: Iterable<string>): void {
    // Includes subscribed CoValues that are not in memory: a client that got "not found" still waits for the content.
    for (const id of ids)
      if (node.isCoValueInMemory(asCoValueID(id)) || subscribers.has(asCoValueID(id))) due.add(id);
    if (isReading || due.size === 0) return;
    isReading = true;
    queueMicrotask(() => void readDue());
  }

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const ids = [...due].slice(0, idsPerRead);
      for (const id of ids) due.delete(id);
      try {
        await readNow(ids);
      } catch (error) {
        logger.warn('Could not read content that another relay stored', { error });
      }
      await nextTurn();
    }
    isReading = false;
  }

  async function readNow(ids: readonly string[]): Promise<void> {
    const known: KnownCoValue[] = [];
    for (const id of ids) {
      const coValue = getOrCreateCoValue(node, id);
      if (coValue.hasVerifiedContent()) {
        known.push({ header: coValue.verified.header, state: coValue.knownState() });
      } else {
        // cojson queries the storage only once, and remembers "not found".
        storage.load(id, handOut);
      }
    }
    if (known.length > 0) await storage.loadNewer(known, handOut);
  }

  /** Passes the content on to subscribed clients too. The source `storage` keeps cojson from storing it again. */
  function handOut(content: CojsonInternalTypes.NewContentMessage): void {
    try {
      node.syncManager.handleNewContent(content, 'storage');
    } catch (error) {
      logger.warn('Rejected content that another relay stored', { id: content.id, error });
    }
  }

  return {
    apply,
    applyAll() {
      apply([...node.allCoValues()].map(({ id }) => id));
      apply(subscribers.ids());
    },
  };
}

function asCoValueID(id: string): RawCoID {
  return id as RawCoID;
}
