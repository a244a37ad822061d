import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createDirectory } from '../../../test/support/relay/temporary-storage.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import type { Database, Listener } from '../database/database.ts';
import { createRelayOn } from '../relay.ts';

it('a relay that cannot start leaves no connection to other relays open', async () => {
  const database = await openMemoryDatabase();
  const close = vi.fn();
  let isListening = false;
  const listen = (_: string, on: Listener) => {
    isListening = true;
    return Promise.resolve({
      notify: (payload: string) => Promise.resolve().then(() => on.received(payload)),
      close,
    });
  };
  const broken: Database = {
    ...database,
    listen,
    query(sql, parameters) {
      // The first statement after that looks whether the storage has been served before.
      if (isListening) return Promise.reject(new Error('permission denied for table storage_marks'));
      return database.query(sql, parameters);
    },
  };
  const starting = createRelayOn(() => Promise.resolve(broken), {
    ...{ port: 0, storage: 'postgres://localhost/x', stateDirectory: await createDirectory() },
    logger: silentLogger,
  });
  await expect(starting).rejects.toThrow('permission denied');
  expect(close).toHaveBeenCalledOnce();
});
