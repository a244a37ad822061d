import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { describe, expect, it } from 'vitest';
import type { Content } from '../../../src/engine/content.ts';
import type { DeviceStorage } from '../../../src/storage/device-storage.ts';
import type { KernelDeviceStorage } from '../../../src/storage/kernel-device-storage.ts';
import { until } from '../until.ts';
import { confirmationOf, debtOf, ledgerOf, pendingIn } from './facts.ts';

/** How the contract opens and breaks a device's storage, in a browser or simulated. */
export interface DeviceStorageSubject {
  /** Opens the storage of this account. The implementation closes it after the test. */
  open(accountID?: string): Promise<KernelDeviceStorage>;
  /** Makes all writes fail with this error, as on a full disk, until the returned function is called. */
  failWrites(error: DOMException): () => void;
}

/** A node that writes to the storage. */
export async function nodeOn(storage: DeviceStorage): Promise<LocalNode> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  node.setStorage(storage);
  return node;
}

/** IDs of the CoValues that the storage reported as done, in order. */
export function watchDone(storage: DeviceStorage): string[] {
  const done: string[] = [];
  const { store } = storage;
  storage.store = (content, correct, whenDone) =>
    store(content, correct, () => {
      done.push(content.id);
      whenDone?.();
    });
  return done;
}

async function load(storage: DeviceStorage, id: RawCoMap['id']): Promise<RawCoMap | 'unavailable'> {
  return (await nodeOn(storage)).load(id);
}

let count = 0;
const newAccountID = () => `contract-${Date.now()}-${count++}`;

/** The tests that every persistent storage must pass. */
export function describeDeviceStorage({ open, failWrites }: DeviceStorageSubject): void {
  describe('saved content', () => {
    it('survives closing and reopening the database', async () => {
      const accountID = newAccountID();
      const storage = await open(accountID);
      const done = watchDone(storage);
      const map = (await nodeOn(storage)).createGroup().createMap({ word: 'kept' }, null, 'trusting');
      await until(() => expect(done).toContain(map.id));
      await storage.close();
      const again = await load(await open(accountID), map.id);
      expect(again !== 'unavailable' && again.get('word')).toBe('kept');
    });

    it('includes queued writes when the storage closes', async () => {
      const accountID = newAccountID();
      const storage = await open(accountID);
      const group = (await nodeOn(storage)).createGroup();
      const maps = Array.from({ length: 20 }, (_, n) => group.createMap({ n }));
      await Promise.resolve(); // cojson passes edits to the storage in a microtask.
      await storage.close();
      const reopened = await open(accountID);
      for (const { id } of maps) expect(await load(reopened, id)).not.toBe('unavailable');
    });
  });

  it('reports a full device, reports no write as done, and loses no content', async () => {
    const storage = await open();
    const node = await nodeOn(storage);
    const done = watchDone(storage);
    // CDP can lower the quota, but Chromium uses the old value for a while, so the test simulates the failure.
    const end = failWrites(new DOMException('no room', 'QuotaExceededError'));
    const map = node.createGroup().createMap({ word: 'kept' });
    await until(() => expect(storage.status.current.error?.code).toBe('STORAGE_FULL'));
    expect(storage.status.current.error?.cause).toMatchObject({ name: 'QuotaExceededError' });
    expect(storage.status.current.state).toBe('failing');
    expect(done).toEqual([]);
    end();
    await until(() => expect(done).toContain(map.id));
    expect(storage.status.current.state).toBe('ok');
  });

  it('streams a large CoValue in pieces that are usable at once and announce the rest', async () => {
    const accountID = newAccountID();
    const storage = await open(accountID);
    const node = await nodeOn(storage);
    const file = node.createGroup().createBinaryStream();
    file.startBinaryStream({ mimeType: 'application/octet-stream' }, 'trusting');
    for (let n = 0; n < 12; n++) file.pushBinaryStreamChunk(new Uint8Array(50_000).fill(n), 'trusting');
    file.endBinaryStream('trusting');
    const sessions = file.core.knownState().sessions;
    await Promise.resolve(); // cojson passes edits to the storage in a microtask.
    await storage.close();

    const again = await open(accountID);
    const pieces: Content[] = [];
    const isFound = await new Promise((resolve) => {
      again.load(file.id, (piece) => pieces.push(piece), resolve);
    });
    const own = pieces.filter(({ id }) => id === file.id);
    expect(isFound).toBe(true);
    expect(own.length).toBeGreaterThan(4);
    expect(own[0]?.expectContentUntil).toEqual(sessions);
    let end = 0;
    for (const { after, newTransactions } of own.flatMap((piece) => Object.values(piece.new))) {
      expect(after).toBe(end);
      end += newTransactions.length;
    }
    expect(end).toBe(Object.values(sessions)[0]);

    await again.close();

    const last = await open(accountID);
    const { load } = last;
    const reader = await nodeOn(last);
    const isPartOfIt: boolean[] = [];
    last.load = (id, onContent, done) =>
      load(
        id,
        (piece) => {
          onContent(piece);
          const core = reader.getCoValue(file.id);
          if (piece.id === file.id) isPartOfIt.push(core.isAvailable() && core.isStreaming());
        },
        done,
      );
    const loaded = await reader.load(file.id);
    await until(() => expect(isPartOfIt).toEqual(own.map((_, index) => index < own.length - 1)));
    const read = loaded === 'unavailable' ? undefined : loaded.getBinaryChunks();
    expect(read?.finished).toBe(true);
    expect(read?.chunks.map((chunk) => [chunk.length, chunk[0], chunk.at(-1)])).toEqual(
      Array.from({ length: 12 }, (_, n) => [50_000, n, n]),
    );
  });

  it('keeps what is owed, and none of cojson’s own marks', async () => {
    const accountID = newAccountID();
    const storage = await open(accountID);
    const [kept, done, foreign] = ['co_zkept', 'co_zdone', 'co_zforeign'] as const;
    const ledger = ledgerOf(storage);
    ledger.useRelays(['r']);
    ledger.add({ debts: [debtOf(kept), debtOf(done)] });
    ledger.add({ confirmations: [confirmationOf(done)] });
    storage.trackCoValuesSyncState([{ id: foreign, peerId: 'any', synced: false }]);
    storage.stopTrackingSyncState(kept); // cojson calls this for each ID before loading it again.
    await storage.close();
    const again = await open(accountID);
    expect(await pendingIn(again)).toEqual([kept]);
    expect(await new Promise((resolve) => again.getUnsyncedCoValueIDs(resolve))).toEqual([]);
  });

  it('has what is owed on disk before content that is stored later', async () => {
    const accountID = newAccountID();
    const storage = await open(accountID);
    const done = watchDone(storage);
    const end = failWrites(new DOMException('no room', 'QuotaExceededError'));
    const node = await nodeOn(storage);
    ledgerOf(storage).useRelays(['r']);
    ledgerOf(storage).add({ debts: [debtOf('co_zowed')] });
    const group = node.createGroup();
    await until(() => expect(storage.status.current.state).toBe('failing'));
    end();
    await until(() => expect(done).toContain(group.id));
    expect(await pendingIn(await open(accountID))).toEqual(['co_zowed']);
  });
}
