import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { silentLogger } from '../../../src/base/logger.ts';
import { createBrowserPlatform } from '../../../src/platform/browser-platform.ts';
import { startSync } from '../../../src/sync/start-sync.ts';
import { openStorage, type KeptKind } from '../storage/open-storage.ts';

const crypto = await WasmCrypto.create();
const secret = crypto.newRandomAgentSecret();

/** Offline tabs of one account, with the browser's storage. */
export function createBrowserTabs(accountID: string) {
  const ends: (() => Promise<unknown>)[] = [];
  return {
    async open(kind: KeptKind = 'kernel') {
      const storage = await openStorage(kind, accountID);
      const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
      node.setStorage(storage);
      const platform = createBrowserPlatform();
      const tabs = { name: accountID, platform };
      const sync = startSync({ node, storage, platform, tabs, sync: false, logger: silentLogger });
      ends.push(() => storage.close(), sync.close);
      return { node, sync };
    },
    /** Ends all open tabs, the last one first. */
    async end(): Promise<void> {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}

export type BrowserTab = Awaited<ReturnType<ReturnType<typeof createBrowserTabs>['open']>>;
