import type { LocalNode, RawCoID, RawCoMap } from 'cojson';
import { expect, onTestFinished } from 'vitest';
import type { Database } from '../../../src/relay/database/database.ts';
import type { Relay, RelayOptions } from '../../../src/relay/index.ts';
import { createRelayOn } from '../../../src/relay/relay.ts';
import { openStoragePlace } from '../../../src/relay/database/storage-place.ts';
import { openEmptyDatabase } from './memory-databases.ts';
import { until } from '../until.ts';

/** Starts a relay on a free port with empty storage, and closes it after the test. */
export async function startRelay(
  options: RelayOptions = {},
  change = (database: Database) => database,
): Promise<Relay> {
  const relay = await openRelay(options, change);
  onTestFinished(relay.close);
  return relay;
}

/** Like `startRelay`, for a whole file: the caller closes it. */
export async function openRelay(
  options: RelayOptions = {},
  change = (database: Database) => database,
): Promise<Relay> {
  const { storage = 'memory:' } = options;
  const open = async (...[place, logger, opening]: Parameters<typeof openStoragePlace>) =>
    place.kind === 'memory' ? openEmptyDatabase({ ...opening }) : openStoragePlace(place, logger, opening);
  return createRelayOn(async (...opening) => change(await open(...opening)), {
    port: 0,
    ...options,
    storage,
  });
}

export interface CommitGate {
  /** The number of blocked commits. */
  readonly waiting: number;
  close(): void;
  open(): void;
  /** Makes commits fail, or succeed again. */
  setFull(isFull: boolean): void;
}

/**
 * A relay whose commits wait while the gate is closed, and fail while the disk is full. By default a transaction
 * waits after its writes, which blocks PGlite readers; with `'ahead'` it waits before it begins.
 */
export async function startGatedRelay(
  options: RelayOptions = {},
  commitsWait: 'within' | 'ahead' = 'within',
): Promise<{ relay: Relay; gate: CommitGate }> {
  const waiting: (() => void)[] = [];
  let isOpen = true;
  let isFull = false;
  const gate: CommitGate = {
    get waiting() {
      return waiting.length;
    },
    close() {
      isOpen = false;
    },
    open() {
      isOpen = true;
      for (const resolve of waiting.splice(0)) resolve();
    },
    setFull(value) {
      isFull = value;
    },
  };
  async function pass(): Promise<void> {
    if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
    if (isFull) throw new Error('The disk is full.');
  }

  const relay = await startRelay(options, (database) => ({
    ...database,
    async write(sql, parameters) {
      await pass();
      return database.write(sql, parameters);
    },
    async transaction(run) {
      if (commitsWait === 'ahead') await pass();
      return database.transaction(async (query) => {
        const result = await run(query);
        if (commitsWait === 'within') await pass();
        return result;
      });
    },
  }));
  onTestFinished(gate.open);
  return { relay, gate };
}

/** A database whose relay does not hear what relays notify each other of, itself included, while `isDeaf`. */
export function deafened(database: Database, isDeaf: () => boolean): Database {
  return {
    ...database,
    async listen(channel, on) {
      const hear = (payload: string) => {
        if (!isDeaf()) on.received(payload);
      };
      const listening = await database.listen?.(channel, { ...on, received: hear });
      if (!listening) throw new Error('This database has no notifications.');
      return listening;
    },
  };
}

export async function readHealth(relay: Relay): Promise<{ code: number; body: Record<string, unknown> }> {
  const response = await fetch(`${relay.url}/health`);
  return { code: response.status, body: (await response.json()) as Record<string, unknown> };
}

interface HasID {
  readonly id: RawCoID;
}

/** Whether the relay has confirmed to this node that it has all of the CoValue. */
export function isConfirmed(node: LocalNode, { id }: HasID): boolean {
  return Object.values(node.syncManager.peers).some((peer) => node.syncManager.syncState.isSynced(peer, id));
}

export const confirmed = (node: LocalNode, coValue: HasID) =>
  until(() => expect(isConfirmed(node, coValue)).toBe(true));

/** A map that everyone may read and write. */
export function createSharedMap(node: LocalNode): RawCoMap {
  const group = node.createGroup();
  group.addMember('everyone', 'writer');
  return group.createMap({ word: 'first' });
}

export async function loadMap(node: LocalNode, { id }: RawCoMap): Promise<RawCoMap> {
  const loaded = await node.load(id);
  if (loaded === 'unavailable') throw new Error('The map is unavailable.');
  return loaded;
}
