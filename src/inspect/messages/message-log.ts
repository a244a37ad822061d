import type { Clock } from '../../base/clock.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import type { Cost } from '../shared/cost.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import { listenToFrames } from '../frame-tap.ts';
import type { Relay } from '../snapshot.ts';
import { exportMessages, type ExportOptions } from './export-messages.ts';
import { importMessages, type ImportedMessages } from './import-messages.ts';
import { decodeMessage, type MessageDetail } from './message-detail.ts';
import { createMessageReader, type MessageReader } from './message-reader.ts';
import { createMessageRecorder } from './message-recorder.ts';
import { createMessageStore, type MessageStore } from './message-store.ts';

/** What passed between this node and its relays since the inspector was made, within 20 MB. */
export interface MessageLog extends MessageReader {
  /** With its transactions decoded, as far as the account can read and has read them; undefined where it is not kept. */
  detail(number: number): Promise<MessageDetail | undefined>;
  /** All that is kept, in parts of one file. */
  export(options: ExportOptions): Promise<readonly string[]>;
  /** Reads an exported NDJSON, and changes nothing here. Rejects with MESSAGE_INVALID for what is none. */
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
  const stop = listenToFrames(inspection, recorder.hear);
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
      async export(what) {
        await recorder.settled();
        return exportMessages(store, what, { relays: options.relays(), nowMs: options.clock.nowMs() });
      },
      import: importMessages,
    },
    close() {
      stop();
      recorder.close();
    },
  };
}
