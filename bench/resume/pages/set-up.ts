import { signUpWithRecoveryPhrase } from '@MaiaOS/kernel';
import type { LocalNode } from 'cojson';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';
import { fillAccount } from './account.ts';
import { ask, keep } from '../../harness/page.ts';
import { stockDatabaseName } from './stock-database.ts';

/**
 * Creates an account with content, and leaves this device as after a user's visit: our account in our storage,
 * and a stock cojson account with the same transactions in stock storage.
 */
ask('setUp', async ({ relay, seed, size }: { relay: string; seed: number; size: number }) => {
  const { session } = await signUpWithRecoveryPhrase({ sync: { url: relay } });
  const { node, accountID } = session;
  fillAccount(session.account, { seed, size });
  await new Promise<void>((resolve) => {
    session.sync.subscribe(({ saved, confirmed }) => {
      if (saved.pending === 0 && confirmed.pending === 0) resolve();
    });
  });
  // A stock app stores this in plain text; ours stores it encrypted.
  keep({ accountID, agentSecret: node.agentSecret });
  await copyToStock(node, accountID);
  await session.close();
});

/** Resolves once stock storage has written all content of the node. */
async function copyToStock(node: LocalNode, accountID: string): Promise<void> {
  const storage = await getIndexedDBStorage(stockDatabaseName(accountID));
  const contents = [...node.allCoValues()].flatMap((core) => core.newContentSince() ?? []);
  const refuse = (id: string) => () => {
    throw new Error(`Something of ${id} is missing.`);
  };
  await Promise.all(
    contents.map(
      (content) =>
        new Promise<void>((resolve, reject) => {
          storage.store(content, refuse(content.id), resolve).catch(reject);
        }),
    ),
  );
  await storage.close();
}
