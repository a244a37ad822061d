import type { Clock } from '../../base/clock.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import type { Cost } from '../shared/cost.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import { listenToFrames } from '../shared/taps.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { exportMessages, type ExportOptions } from './export-messages.ts';
import { importMessages, type ImportedMessages } from './import-messages.ts';
import { decodeMessage, type MessageDetail } from './message-detail.ts';
import { createMessageReader, type MessageReader } from './message-reader.ts';
import { createMessageRecorder } from './message-recorder.ts';
import { createMessageStore, type MessageStore } from './message-store.ts';

/** Messages between this node and its relays since the inspector was created, within 20 MB. */
export interface MessageLog extends MessageReader {
  /** Decodes what is public or already decrypted; undefined if the message is no longer available. */
  detail(number: number): Promise<MessageDetail | undefined>;
  export(options: ExportOptions): Promise<readonly string[]>;
  /** Reads an NDJSON export without changing this log. Rejects with MESSAGE_INVALID for anything else. */
  import(file: string): Promise<ImportedMessages>;
}

export function createMessageLog(options: {
  readonly inspection: SyncInspection;
  readonly clock: Clock;
  readonly cost: Cost;
  readonly relays: () => readonly Relay[];
  readonly onChange: () => void;
}): { readonly log: MessageLog; close(): void } {
  const { inspection } = options;
  const { node } = inspection;
  const store = createMessageStore();
  const recorder = createMessageRecorder({ ...options, store, node });
  const stop = listenToFrames(inspection, recorder.receive);
  const reader = createMessageReader(upToDate, (id) => labelCoValue(node, id));

  function upToDate(): MessageStore {
    recorder.catchUp();
    return store;
  }

  return {
    log: {
      ...reader,
      get counts() {
        return reader.counts;
      },
      detail: (number) => decodeMessage(number, reader, node),
      async export(exportOptions) {
        await recorder.settled();
        return exportMessages(store, exportOptions, {
          relays: options.relays(),
          nowMs: options.clock.nowMs(),
        });
      },
      import: importMessages,
    },
    close() {
      stop();
      recorder.close();
    },
  };
}
