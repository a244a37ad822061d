import { afterEach, expect, it, vi } from 'vitest';
import { createKernelError, isKernelError } from '../../src/base/kernel-error.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { startRelay } from '../support/relay/test-relay.ts';
import { createSyncEvents } from '../../src/sync/sync-events.ts';
import type { SyncState } from '../../src/sync/sync-state.ts';
import { createAgentNode, startStockRelay } from '../support/sync/stock-relay.ts';
import { fakeDocument, runExample } from './examples.ts';
import { until } from '../support/until.ts';
import { startMemorySync } from '../support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
async function deviceOf(url: string) {
  const node = await createAgentNode();
  const sync = startMemorySync(node, { url });
  const close = vi.fn(() => sync.close());
  ends.push(close);
  return { node, sync, close };
}

it('the documented sync line follows an edit to the relay', async () => {
  const relay = await startRelay({ storage: `pglite:${await createStorage()}` });
  const { node, sync } = await deviceOf(relay.url);
  const line = { textContent: '' };
  const { document } = fakeDocument(line);
  const lines = new Set<string>();
  runExample(
    "createElement('p')",
    { document },
    {
      subscribeSyncState: (listener: (state: SyncState) => void) =>
        sync.subscribe((state) => {
          // As if the device saved every edit at once.
          listener({ ...state, saved: { known: true, pending: 0 } });
          lines.add(line.textContent);
        }),
    },
  );
  node.createGroup();
  await until(() => expect(line.textContent).toBe('Stored by the relay.'));
  expect([...lines]).toContain('Saved on this device. 1 to send.');
});

it('the documented page closes once its edits are durable, or at least saved', async () => {
  const { closeSafely } = runExample('closeSafely', {}, { isKernelError });
  const close = closeSafely as (session: object) => Promise<string>;
  const relay = await startRelay({ storage: `pglite:${await createStorage()}` });
  const one = await deviceOf(relay.url);
  one.node.createGroup();
  expect(await close(one)).toBe('stored');
  expect(one.close).toHaveBeenCalled();

  const stock = await startStockRelay();
  ends.push(() => stock.close());
  const other = await deviceOf(stock.url);
  other.node.createGroup();
  const whenSaved = vi.fn(() => Promise.resolve());
  const { whenDurable } = other.sync;
  expect(await close({ sync: { whenDurable, whenSaved }, close: other.close })).toBe('on this device');
  expect(whenSaved).toHaveBeenCalled();
  expect(other.close).toHaveBeenCalled();
});

it('the documented notice reports that the app is too old', async () => {
  const notice = { textContent: '', onclick: () => {} };
  const { document, shown } = fakeDocument(notice);
  const events = createSyncEvents();
  const reload = vi.fn();
  const activeSession = { current: { sync: events } };
  runExample("'outdated'", { document, location: { reload } }, { activeSession });
  const details = { required: '2.1.0', have: '2.0.3' };
  events.refused('relay', undefined, createKernelError('APP_OUTDATED', 'x', { details }));
  await until(() => expect(shown).toEqual([notice]));
  expect(notice.textContent).toContain('Version 2.1.0 is out, this is 2.0.3.');
  notice.onclick();
  expect(reload).toHaveBeenCalledOnce();
});
