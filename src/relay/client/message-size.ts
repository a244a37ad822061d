import { cojsonInternals, type SyncMessage } from 'cojson';

const bytesPerMessage = 100;
const bytesPerPart = 120;

/** The approximate length on the wire, without serializing the message. */
export function sizeOfMessage(message: SyncMessage): number {
  switch (message.action) {
    case 'content':
      return (
        bytesPerMessage +
        cojsonInternals.getContentMessageSize(message) +
        Object.values(message.new).reduce(
          (sum, part) => sum + (part.newTransactions.length + 1) * bytesPerPart,
          0,
        )
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
