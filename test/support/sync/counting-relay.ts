import { startStockRelay, type StockRelay } from './stock-relay.ts';

/** A stock relay that counts messages and can delay reading them. */
export interface CountingRelay extends StockRelay {
  /** The number of content messages received. */
  contents(): number;
  /** The number of transactions in them. */
  transactions(): number;
  /** The number of loads answered. */
  answers(): number;
  /** Delays all content until the returned function is called. */
  hold(): () => void;
}

export async function startCountingRelay(): Promise<CountingRelay> {
  const relay = await startStockRelay();
  const { syncManager } = relay.node;
  const handle = syncManager.handleSyncMessage.bind(syncManager);
  let contents = 0;
  let transactions = 0;
  let answers = 0;
  let held: (() => void)[] | undefined;
  syncManager.handleSyncMessage = (message, peer) => {
    if (message.action === 'content') {
      contents++;
      for (const { newTransactions } of Object.values(message.new)) transactions += newTransactions.length;
    }
    if (message.action === 'load') answers++;
    if (held && message.action === 'content') held.push(() => handle(message, peer));
    else handle(message, peer);
  };
  return {
    ...relay,
    contents: () => contents,
    transactions: () => transactions,
    answers: () => answers,
    hold() {
      const holding: (() => void)[] = (held = []);
      return () => {
        held = undefined;
        for (const look of holding) look();
      };
    },
  };
}
