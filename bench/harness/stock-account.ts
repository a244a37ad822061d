import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';
import { keep, kept } from './page.ts';

/** Creates an account like an app on stock cojson, without a relay, and stores its secret. */
export async function createStockAccount(): Promise<LocalNode> {
  const database = `stock-${Math.random()}`;
  const [crypto, storage] = await Promise.all([WasmCrypto.create(), getIndexedDBStorage(database)]);
  const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
    ...{ creationProps: { name: 'Bench' }, crypto, storage },
  });
  keep({ accountID, agentSecret: accountSecret });
  localStorage.setItem('database', database);
  return node;
}

export async function openStockAccount(): Promise<LocalNode> {
  const { accountID, agentSecret } = kept();
  const database = localStorage.getItem('database') ?? '';
  const [crypto, storage] = await Promise.all([WasmCrypto.create(), getIndexedDBStorage(database)]);
  return LocalNode.withLoadedAccount({
    ...{ accountID, accountSecret: agentSecret, sessionID: undefined, peers: [], crypto, storage },
  });
}
