import { createStockAccount } from '../../harness/stock-account.ts';
import { offerMaking } from './measure-work.ts';

async function create() {
  const node = await createStockAccount();
  return {
    node,
    saved: async () => void (await node.syncManager.waitForAllCoValuesSync(600_000)),
    close: () => Promise.resolve(node.gracefulShutdown()),
  };
}

offerMaking(create());
