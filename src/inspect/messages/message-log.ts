import type { Clock } from '../../platform/clock.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { labelCoValue } from '../covalue-label.ts';
import { listenToFrames } from '../frame-tap.ts';
import type { Relay } from '../snapshot.ts';
import { decodeMessage, type MessageDetail } from './message-detail.ts';
import { createMessageReader, type MessageReader } from './message-reader.ts';
import { createMessageRecorder } from './message-recorder.ts';
import { createMessageStore } from './message-store.ts';

/** What passed between this node and its relays since the inspector was made, within 20 MB. */
export interface MessageLog extends MessageReader {
  /** With its transactions decoded, as far as the account can read and has read them; undefined where it is not kept. */
  detail(number: number): Promise<MessageDetail | undefined>;
}

export function createMessageLog(options: {
  readonly inspection: SyncInspection;
  readonly clock: Clock;
  readonly stopwatchMs: () => number;
  readonly relays: () => readonly Relay[];
  readonly onChange: () => void;
  readonly onCost: (ms: number) => void;
}): { readonly log: MessageLog; close(): void } {
  const { inspection } = options;
  const { node } = inspection;
  const store = createMessageStore();
  const recorder = createMessageRecorder({ ...options, store, node });
  const stop = listenToFrames(inspection, recorder.hear);
  const reader = createMessageReader(store, (id) => labelCoValue(node, id));
  return {
    log: {
      ...reader,
      get counts() {
        return reader.counts;
      },
      detail: (number) => decodeMessage(number, reader, node),
    },
    close() {
      stop();
      recorder.close();
    },
  };
}
