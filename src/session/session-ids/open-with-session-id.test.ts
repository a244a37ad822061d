import type { RawAccountID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, expect, it, vi } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { silentLogger } from '../../base/logger.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { kernelStorageModule } from '../../storage/storage-modules.ts';
import { openWithSessionID } from './open-with-session-id.ts';

const accountID = 'co_z1' as RawAccountID;
const unhandled = vi.fn();
afterEach(() => {
  vi.restoreAllMocks();
  process.off('unhandledRejection', unhandled);
});

it('rejects once if the storage’s code cannot be fetched', async () => {
  process.on('unhandledRejection', unhandled);
  const error = createKernelError('KERNEL_NOT_LOADED', 'offline');
  vi.spyOn(kernelStorageModule, 'load').mockRejectedValue(error);
  const crypto = await WasmCrypto.create();
  const opening = openWithSessionID({
    kind: 'kernel',
    accountID,
    newSessionID: () => crypto.newRandomSessionID(accountID),
    platform: {
      ...createBrowserPlatform(),
      ...createNodePlatform(),
      ...{ indexedDB: {} as IDBFactory, locks: undefined },
    },
    logger: silentLogger,
  });
  await expect(opening).rejects.toBe(error);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
});
