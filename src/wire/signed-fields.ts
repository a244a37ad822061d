import type { SyncMessage } from 'cojson';

type Content = Extract<SyncMessage, { action: 'content' }>;

const signedFields = {
  private: new Set(['privacy', 'madeAt', 'keyUsed', 'encryptedChanges', 'meta']),
  trusting: new Set(['privacy', 'madeAt', 'changes', 'meta']),
};

/**
 * Removes from each transaction what its signature does not cover. Anyone on the way could add it, and whoever compares
 * transactions would take the same one for two.
 */
export function keepSigned(content: Content): void {
  for (const { newTransactions } of Object.values(content.new)) {
    for (const transaction of newTransactions) {
      const signed = signedFields[transaction.privacy];
      for (const name in transaction) if (!signed.has(name)) Reflect.deleteProperty(transaction, name);
    }
  }
}
