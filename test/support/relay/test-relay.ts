import type { LocalNode, RawCoID, RawCoMap } from 'cojson';
import { expect, onTestFinished, vi } from 'vitest';
import type { Database } from '../../../src/relay/database/database.ts';
import type { Relay, RelayOptions } from '../../../src/relay/index.ts';
import { createRelayOn } from '../../../src/relay/relay.ts';
import { openStoragePlace } from '../../../src/relay/database/storage-place.ts';
import { createStorage } from './temporary-storage.ts';

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
  const storage = options.storage ?? `pglite:${await createStorage()}`;
  return createRelayOn(async (place, logger) => change(await openStoragePlace(place, logger)), {
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
  vi.waitFor(() => expect(isConfirmed(node, coValue)).toBe(true), { timeout: 10_000, interval: 5 });

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
