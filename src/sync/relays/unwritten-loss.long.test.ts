import { afterEach, expect, it, vi } from 'vitest';
import { createSharedDevice } from '../../../test/support/sync/shared-device.ts';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { RelayMemory } from '../../storage/remembered-relay.ts';
import { confirmationsOf } from '../confirmations.ts';
import { startSync } from '../start-sync.ts';

/** How long reading what is left waits for the ledger. */
const flushMs = 1_000;

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('owes nothing once a relay that lost data has it again, though the loss was recorded late', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const first = await startStockRelay();
  const device = createSharedDevice();
  const { storage, memory } = device.openTab();
  const [confirmed, lost] = [vi.fn(), vi.fn()];
  let isSlow = false;
  let write = () => {};
  const writable = new Promise<void>((resolve) => (write = resolve));
  const slow: RelayMemory = {
    ...memory,
    async write(id, remembered) {
      if (remembered.losses) lost();
      if (isSlow) await writable;
      const joined = await memory.write(id, remembered);
      if (remembered.confirmed?.length) confirmed();
      return joined;
    },
  };
  const node = await createAgentNode();
  node.setStorage(storage);
  const sync = startSync({
    ...{ node, storage, memory: slow, logger: silentLogger },
    sync: { url: first.url },
    platform: createNodePlatform(),
  });
  ends.push(() => sync.close());
  const map = node.createGroup().createMap();
  map.set('a', 1);
  await sync.whenConfirmed();
  await until(() => expect(confirmed).toHaveBeenCalled());
  isSlow = true;
  await first.close();
  const empty = await startStockRelay({ port: first.port });
  ends.push(() => empty.close());
  sync.reconnect();
  await until(() => expect(lost).toHaveBeenCalled());
  const left = () => confirmationsOf(sync)?.leftByAll();
  const early = left(); // Writes what is due.
  await sync.whenConfirmed();
  await turns(100);
  write();
  expect(await early).toEqual([]);
  await until(async () => expect(await left()).toEqual([]));
  await until(() => expect(sync.current.status).toBe('confirmed'));
  expect(empty.node.getCoValue(map.id).isAvailable()).toBe(true);
});

it('says what is left once the record tells that a relay has everything again, however slow the write', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const first = await startStockRelay();
  const device = createSharedDevice();
  const { storage, memory } = device.openTab();
  let write = () => {};
  const writable = new Promise<void>((resolve) => (write = resolve));
  const refilled = vi.fn();
  const after = vi.fn(systemClock.after);
  const slow: RelayMemory = {
    ...memory,
    async write(id, remembered) {
      if (remembered.losses && !remembered.refill) {
        refilled();
        await writable;
      }
      return memory.write(id, remembered);
    },
  };
  const node = await createAgentNode();
  node.setStorage(storage);
  const sync = startSync({
    ...{ node, storage, memory: slow, logger: silentLogger },
    sync: { url: first.url },
    platform: { ...createNodePlatform(), clock: { ...systemClock, after } },
  });
  ends.push(() => sync.close());
  node.createGroup().createMap().set('a', 1);
  await sync.whenConfirmed();
  await first.close();
  const empty = await startStockRelay({ port: first.port });
  ends.push(() => empty.close());
  sync.reconnect();
  await until(() => expect(refilled).toHaveBeenCalled());
  await sync.whenConfirmed();
  after.mockClear();
  const left = confirmationsOf(sync)?.leftByAll();
  await turns(100);
  // The ledger, if it were read now, would say that the relay has yet to be compared.
  for (const [ms, run] of after.mock.calls) if (ms === flushMs) run();
  await Promise.race([left, turns(100)]);
  write();
  expect(await left).toEqual([]);
});
