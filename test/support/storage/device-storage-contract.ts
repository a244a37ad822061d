import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { describe, expect, it, vi } from 'vitest';
import type { NewContent } from '../../../src/storage/content.ts';
import type { DeviceStorage } from '../../../src/storage/device-storage.ts';

/** A storage of a device, as the contract needs it: in a browser, or one that stands in for it. */
export interface DeviceStorageSubject {
  /** The same name opens what was kept under it. The storage is closed after the test by whoever opens it. */
  open(accountID?: string): Promise<DeviceStorage>;
  /** From now on each write fails with this, as on a full disk, until the answer is called. */
  failWrites(error: DOMException): () => void;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** A node of an agent that writes to it. */
export async function nodeOn(storage: DeviceStorage): Promise<LocalNode> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  node.setStorage(storage);
  return node;
}

/** The ids of what the storage has called done, in order. */
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

/** What every storage of a device that keeps something does. */
export function describeDeviceStorage({ open, failWrites }: DeviceStorageSubject): void {
  describe('what is called saved', () => {
    it('is there after the database was closed and opened again', async () => {
      const accountID = newAccountID();
      const storage = await open(accountID);
      const done = watchDone(storage);
      const map = (await nodeOn(storage)).createGroup().createMap({ word: 'kept' }, null, 'trusting');
      await until(() => expect(done).toContain(map.id));
      await storage.close();
      const again = await load(await open(accountID), map.id);
      expect(again !== 'unavailable' && again.get('word')).toBe('kept');
    });

    it('closing writes out what is queued', async () => {
      const accountID = newAccountID();
      const storage = await open(accountID);
      const group = (await nodeOn(storage)).createGroup();
      const maps = Array.from({ length: 20 }, (_, n) => group.createMap({ n }));
      await Promise.resolve(); // cojson hands edits to the storage in a microtask.
      await storage.close();
      const reopened = await open(accountID);
      for (const { id } of maps) expect(await load(reopened, id)).not.toBe('unavailable');
    });
  });

  it('a full device is named, calls nothing done, and loses nothing', async () => {
    const storage = await open();
    const node = await nodeOn(storage);
    const done = watchDone(storage);
    // CDP can lower the quota, but Chromium goes by what it found free earlier, for a while: this is what comes of it.
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

  it('a large CoValue is handed out in pieces, the first of which is of use before the last, and says what follows', async () => {
    const accountID = newAccountID();
    const storage = await open(accountID);
    const node = await nodeOn(storage);
    const file = node.createGroup().createBinaryStream();
    file.startBinaryStream({ mimeType: 'application/octet-stream' }, 'trusting');
    for (let n = 0; n < 12; n++) file.pushBinaryStreamChunk(new Uint8Array(50_000).fill(n), 'trusting');
    file.endBinaryStream('trusting');
    const sessions = file.core.knownState().sessions;
    await Promise.resolve(); // cojson hands edits to the storage in a microtask.
    await storage.close();

    const again = await open(accountID);
    const pieces: NewContent[] = [];
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

  it('marks of what no relay has confirmed are kept under our own name only', async () => {
    const accountID = newAccountID();
    const storage = await open(accountID);
    const [kept, done, foreign] = ['co_zkept', 'co_zdone', 'co_zforeign'] as const;
    storage.trackCoValuesSyncState([
      { id: kept, peerId: 'maia-unconfirmed', synced: false },
      { id: done, peerId: 'maia-unconfirmed', synced: false },
      { id: foreign, peerId: 'any', synced: false },
    ]);
    storage.trackCoValuesSyncState([{ id: done, peerId: 'maia-unconfirmed', synced: true }]);
    storage.stopTrackingSyncState(kept); // cojson does this to each id before it loads it again.
    await storage.close();
    const again = await open(accountID);
    const ids = await new Promise((resolve) => again.getUnsyncedCoValueIDs(resolve));
    expect(ids).toEqual([kept]);
  });
}
