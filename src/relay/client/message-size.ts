import type { SyncMessage } from 'cojson';
import { transactionBytes, type SessionContent } from '../../engine/content.ts';

const bytesPerMessage = 100;
const bytesPerPart = 120;

/** The approximate length on the wire, without serializing the message. */
export function sizeOfMessage(message: SyncMessage): number {
  switch (message.action) {
    case 'content':
      return Object.values(message.new).reduce(
        (sum, session) => sum + sizeOfSession(session),
        bytesPerMessage,
      );
    case 'load':
    case 'known':
      return bytesPerMessage + Object.keys(message.sessions).length * bytesPerPart;
    case 'reconcile':
      return bytesPerMessage + message.values.length * bytesPerPart;
    case 'done':
    case 'reconcile-ack':
      return bytesPerMessage;
  }
}

export function sizeOfSession({ newTransactions }: SessionContent): number {
  return newTransactions.reduce((sum, one) => sum + bytesPerPart + transactionBytes(one), bytesPerPart);
}
