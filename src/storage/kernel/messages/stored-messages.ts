import { cojsonInternals } from 'cojson';
import type { Content, Transaction } from '../../../engine/content.ts';
import { knownStateOf, type StoredCoValue } from '../pieces.ts';

/** cojson's recommended message size in characters. Its own storage splits at the same size. */
export const messageSize = cojsonInternals.TRANSACTION_CONFIG.MAX_RECOMMENDED_TX_SIZE;

export function sizeOf(transactions: readonly Transaction[]): number {
  return transactions.reduce((sum, transaction) => sum + cojsonInternals.getTransactionSize(transaction), 0);
}

/** The messages for cojson. A long history is split at signatures; the first message says how far it goes. */
export function messagesOf(stored: StoredCoValue): readonly Content[] {
  const { id, header, runs } = stored;
  const priority = cojsonInternals.getPriorityFromHeader(header);
  const begin = (): Content => ({ action: 'content', id, header, priority, new: {} });
  let message = begin();
  const messages = [message];
  let size = 0;
  for (const { sessionID, after, transactions, signature } of [...runs.values()].flat()) {
    if (size > messageSize) {
      messages.push((message = begin()));
      size = 0;
    }
    const session = (message.new[sessionID] ??= { after, newTransactions: [], lastSignature: signature });
    session.newTransactions.push(...transactions);
    session.lastSignature = signature;
    size += sizeOf(transactions);
  }
  const [first] = messages;
  if (first && messages.length > 1) first.expectContentUntil = knownStateOf(stored).sessions;
  return messages;
}
