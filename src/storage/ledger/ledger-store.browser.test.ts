import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { confirmationOf, debtOf, ledgerOf, pendingIn } from '../../../test/support/storage/facts.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { ledgerRows, relayRows } from '../../../test/support/storage/ledger-rows.ts';
import { openStorage, type KeptKind } from '../../../test/support/storage/open-storage.ts';
import { silentLogger } from '../../base/logger.ts';
import { sessionsOf, type Content, type RawCoID } from '../../engine/content.ts';
import { stores } from '../account-database.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { createRelayMemory } from '../relay-memory.ts';
import { joinRecords } from './ledger-records.ts';
import { until } from '../../../test/support/until.ts';

const databases = createDatabases(indexedDB);
const ends: (() => unknown)[] = [];
let accountID: string;
const database = () => `maia-${accountID}`;
beforeEach(() => {
  accountID = `ledger-${crypto.randomUUID()}`;
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).reverse()) await end();
  for (const name of [database(), `maia-cojson-${accountID}`]) await databases.delete(name);
});

const records = () => ledgerRows(databases, accountID);
const putRelay = (relayID: string, record: unknown) =>
  databases.request(database(), stores.relays, (store) => store.put(record, relayID));

const wasm = await WasmCrypto.create();
function groupContent(): Content {
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  const [content] = node.createGroup().core.newContentSince() ?? [];
  if (!content) throw new Error('A new group has no content.');
  return content;
}

describe.each([{ kind: 'kernel' }, { kind: 'cojson-indexeddb' }] as const)(
  'the ledger of $kind',
  ({ kind }) => {
    async function open(): Promise<KernelDeviceStorage> {
      const storage = await openStorage(kind satisfies KeptKind, accountID);
      ends.push(() => storage.close());
      return storage;
    }

    it('keeps debts, confirmations and releases, for every tab and the next run', async () => {
      const [one, other] = [await open(), await open()];
      ledgerOf(one).useRelays(['r']);
      ledgerOf(one).add({ debts: ['co_z1', 'co_z2', 'co_z3'].map((id) => debtOf(id as RawCoID)) });
      ledgerOf(one).add({ confirmations: [confirmationOf('co_z1')] });
      ledgerOf(one).add({ releases: [{ id: 'co_z2', session: 'a', count: 1 }] });
      await ledgerOf(one).written();
      expect(await pendingIn(other)).toEqual(['co_z3']);
      expect(await other.inspection?.unconfirmed()).toEqual(['co_z3']);
      await one.close();
      await other.close();
      expect(await pendingIn(await open())).toEqual(['co_z3']);
    });

    it('[STORE-12] has a debt on disk with its content or before it, and neither if the write is aborted', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      await ledgerOf(storage).written();
      const content = groupContent();
      let isBroken = true;
      const aborted: string[] = [];
      const real = IDBDatabase.prototype.transaction;
      vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
        this: IDBDatabase,
        ...args: Parameters<typeof real>
      ) {
        const transaction = real.apply(this, args);
        if (args[1] === 'readwrite' && isBroken) {
          aborted.push(...transaction.objectStoreNames);
          transaction.addEventListener('success', () => transaction.abort(), { once: true, capture: true });
        }
        return transaction;
      });
      let isStored = false;
      ledgerOf(storage).add({ debts: [debtOf(content.id)] });
      storage.store(
        content,
        () => undefined,
        () => void (isStored = true),
      );
      await until(() => expect(storage.status.current.state).toBe('failing'));
      expect(aborted).toContain('ledger');
      if (kind === 'kernel') expect(aborted).toContain('segments');
      isBroken = false;
      const reader = await open();
      // Read before this storage tries again.
      expect(joinRecords(await records()).debts).toEqual([]);
      expect(isStored).toBe(false);
      await until(() => expect(isStored).toBe(true));
      expect(await pendingIn(reader)).toEqual([content.id]);
      expect([...((await reader.stored?.states(new Set([content.id])))?.keys() ?? [])]).toEqual([content.id]);
    });

    it('is written only once it is on disk', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      await ledgerOf(storage).written();
      const release = await databases.hold(database(), 'ledger');
      ends.push(release);
      let isWritten = false;
      ledgerOf(storage).add({ debts: [debtOf('co_z1')] });
      const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
      const written = ledgerOf(storage)
        .written()
        .then(() => (isWritten = true));
      await until(() => expect(transactions).toHaveBeenCalled());
      expect(isWritten).toBe(false);
      release();
      await written;
      expect(joinRecords(await records()).debts).toEqual([debtOf('co_z1')]);
    });

    it('drops confirmations of an earlier generation, and of relays that are not recorded', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      await ledgerOf(storage).written();
      await putRelay('r', { losses: 1 });
      ledgerOf(storage).add({
        debts: [debtOf('co_z1'), debtOf('co_z2')],
        confirmations: [
          confirmationOf('co_z1'),
          confirmationOf('co_z1', { relayID: 'unknown' }),
          confirmationOf('co_z2', { generation: 1 }),
        ],
      });
      await ledgerOf(storage).written();
      expect(joinRecords(await records()).confirmations).toEqual([
        confirmationOf('co_z2', { generation: 1 }),
      ]);
      expect(await pendingIn(storage)).toEqual(['co_z1']);
    });

    it('begins a comparison with a relay that is new beside known ones, or whose record is unreadable', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      await ledgerOf(storage).written();
      const { r } = await relayRows(databases, accountID);
      expect(r).toEqual({ configuredMs: expect.any(Number) as number });
      await putRelay('r', { losses: 3, configuredMs: 1 });
      await putRelay('odd', { losses: 'many' });
      ledgerOf(storage).useRelays(['r', 's', 'odd']);
      await ledgerOf(storage).written();
      const configuredMs = expect.any(Number) as number;
      expect(await relayRows(databases, accountID)).toEqual({
        r: { losses: 3, configuredMs },
        s: { refill: true, configuredMs },
        odd: { refill: true, configuredMs },
      });
    });

    it('[CONF-12] has a new relay compared although the first attempt to record it fails', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      await ledgerOf(storage).written();
      const memory = createRelayMemory(indexedDB, accountID, { logger: silentLogger });
      const mend = failIndexedDB(
        (name, mode) => name === database() && mode === 'readwrite',
        new DOMException('no room', 'QuotaExceededError'),
      );
      ends.push(mend);
      ledgerOf(storage).useRelays(['s']);
      await ledgerOf(storage).attempted();
      expect(await memory.read('s')).toEqual({ refill: true });
      expect((await ledgerOf(storage).read()).unfilled).toEqual(new Set(['s']));
      mend();
      await ledgerOf(storage).written();
      const configuredMs = expect.any(Number) as number;
      expect(await memory.read('s')).toEqual({ refill: true, configuredMs });
      expect(await memory.read('r')).toEqual({ configuredMs });
    });

    it('rejects reading while the database fails, and reads again after that', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      ledgerOf(storage).add({ debts: [debtOf('co_z1')] });
      await ledgerOf(storage).written();
      const mend = failIndexedDB(
        (name, mode) => name === database() && mode === 'readonly',
        new DOMException('no data', 'UnknownError'),
      );
      ends.push(mend);
      await expect(ledgerOf(storage).read()).rejects.toThrow('no data');
      await expect(storage.inspection?.unconfirmed()).rejects.toThrow('no data');
      mend();
      expect(await pendingIn(storage)).toEqual(['co_z1']);
    });

    it('[CONF-12] has every relay compared if a record is malformed, keeps the others, and can be read from then on', async () => {
      const storage = await open();
      ledgerOf(storage).useRelays(['r']);
      ledgerOf(storage).add({ debts: [debtOf('co_z1')] });
      await ledgerOf(storage).written();
      await putRelay('earlier', { losses: 3, configuredMs: 1 });
      await databases.request(database(), 'ledger', (store) => store.add({ v: 9 }));
      for (let time = 0; time < 2; time++) {
        const { debts, unfilled, generations } = await ledgerOf(storage).read();
        expect(debts).toEqual([debtOf('co_z1')]);
        expect(unfilled).toEqual(new Set(['r', 'earlier']));
        expect(Math.min(...generations.values())).toBeGreaterThan(3);
      }
      // The first record, and the one that was kept.
      expect(await records()).toHaveLength(2);
    });

    it('[CONF-12] has the first relay compared if a record was malformed before there was any', async () => {
      const storage = await open();
      ledgerOf(storage).add({ debts: [debtOf('co_z1')] });
      await ledgerOf(storage).written();
      await databases.request(database(), 'ledger', (store) => store.add({ v: 9 }));
      expect(await pendingIn(storage)).toEqual(['co_z1']);
      ledgerOf(storage).useRelays(['first']);
      await ledgerOf(storage).written();
      expect((await ledgerOf(storage).read()).unfilled).toContain('first');
    });

    it('rejects reading what is stored while the database fails', async () => {
      const storage = await open();
      const content = groupContent();
      await new Promise<void>((resolve) => storage.store(content, () => undefined, resolve));
      const ids = new Set([content.id, 'co_zNowhere' as const]);
      const states = await (await open()).stored?.states(ids);
      const signatures = sessionsOf(content).map(([id, { lastSignature }]) => [id, lastSignature] as const);
      expect([...(states ?? [])].map(([id, { known, ...rest }]) => [id, known.header, rest])).toEqual([
        [content.id, true, { signatures: Object.fromEntries(signatures), forks: new Set() }],
      ]);
      const mend = failIndexedDB(
        (_, mode) => mode === 'readonly',
        new DOMException('no data', 'UnknownError'),
      );
      ends.push(mend);
      await expect(storage.stored?.states(ids)).rejects.toThrow('no data');
    });
  },
);
