import type { Clock } from '../base/clock.ts';
import type { Readable } from '../base/readable.ts';
import type { FaultPlan } from '../transport/faulty-transport.ts';
import type { CoValueFacts } from './covalue/covalue-facts.ts';
import type { CoValueReader } from './covalue/covalue-reader.ts';
import type { RelayAnswer } from './covalue/relay-queries.ts';
import type { CoValueList, ListWanted } from './covalue/list/listed-covalue.ts';
import type { MessageLog } from './messages/message-log.ts';
import type { FaultOptions, Faults } from './snapshot/fault-facts.ts';
import type { InspectorIncrement, InspectorSnapshot } from './snapshot/inspector-snapshot.ts';
import type { Overview } from './snapshot/overview-facts.ts';
import type { RecordingState } from './snapshot/recording-facts.ts';
import type { UnsyncedRow } from './snapshot/unsynced-row.ts';
import type { StorageControls } from './storage/storage-watch.ts';
import type { Explanation } from './unsynced/explain.ts';
import type { Story } from './unsynced/timeline.ts';

/** Reads a running sync. Reading has no side effects; only the `controls` act. */
export interface Inspector {
  readonly protocol: number;
  /** A few figures derived from the sync state alone, always current. Notifies subscribers at most four times a second. */
  readonly overview: Readable<Overview>;
  /** The faults that this inspector set. */
  readonly faults: Readable<Faults | undefined>;
  /** The running recording, or one that ended automatically and has not been fetched yet. */
  readonly recording: Readable<RecordingState | undefined>;
  readonly messages: MessageLog;
  /** What is known now, as JSON. Reads memory alone. */
  snapshot(): InspectorSnapshot;
  /** Why a CoValue is not synced, with evidence and advice. Loads nothing. */
  explain(id: string): Explanation;
  /**
   * A text for an issue, as Markdown of at most 60,000 characters: verdict, evidence, versions and the last failures.
   * Contains no values, names, titles or whole IDs, and withholds what looks like a token. No text from a relay acts as Markdown
   * or HTML in it.
   */
  bugReport(): string;
  /** An open CoValue's values: at most 2,000 characters, empty if the account cannot read it. Decrypts nothing. */
  contentWords(id: string): string;
  /** The timeline of an unsynced CoValue and the messages that prove it, given its row from a snapshot. */
  story(row: Pick<UnsyncedRow, 'id' | 'sinceMs' | 'missingAt' | 'steps'>): Story;
  /**
   * One CoValue: its header, group, size, and what each relay reported about it. Loads nothing; `state` shows whether
   * it is in memory.
   */
  coValue(id: string): CoValueFacts;
  readonly coValues: CoValueReader;
  /** A page of all CoValues that the node knows. Loads and opens nothing. */
  listCoValues(wanted?: ListWanted): CoValueList;
  /**
   * Asks each relay what it has committed of a CoValue, without loading it; resolves within 10 s. At most 20 queries per
   * relay are open at a time. Rejects with MESSAGE_INVALID for anything but a CoValue ID.
   */
  askRelays(id: string): Promise<readonly RelayAnswer[]>;
  /**
   * Reports changes at least once a second, or less often if reading takes long. Without a subscriber it only counts
   * messages per second, in bounded memory; with one, it polls the account's other tabs once a second.
   */
  subscribe(listener: (increment: InspectorIncrement) => void): () => void;
  readonly controls: StorageControls & {
    pause(): void;
    resume(): void;
    /** Tries now, regardless of the back-off. */
    reconnect(): void;
    /**
     * Makes cojson's tracker forget a CoValue that every relay has, in a node whose peers the app adds itself. Sends
     * nothing.
     */
    repair(id: string): void;
    /** Forgets the edits of a CoValue that this device refused: their rows and their count. */
    dismiss(id: string): void;
    /** Opens a CoValue; false if neither this device nor a relay has it. Rejects with MESSAGE_INVALID for an invalid ID. */
    loadCoValue(id: string): Promise<boolean>;
    /**
     * Injects faults into the connections to relays until their time is over, `undefined` is passed, or this inspector is
     * closed. Reconnects at the start and at the end. Throws RangeError for an invalid plan.
     */
    setFaults(plan: FaultPlan | undefined, options?: FaultOptions): void;
    /**
     * Records what arrives from the relays and what else the node has, as lines of JSON without keys or decrypted values.
     * Ends automatically before it exceeds 16 MB, not counting the final state. Throws if a recording is already running.
     */
    record(): { stop(): string };
    /**
     * Replays into a new, isolated node; the result is in `replay`. Rejects with MESSAGE_INVALID for an invalid
     * recording.
     */
    replay(recording: string): Promise<InspectorSnapshot>;
  };
  /** Stops inspecting; the sync continues. Idempotent. */
  close(): void;
}

export interface InspectorOptions {
  readonly clock?: Clock;
  /** Measures the cost of inspecting, at a finer resolution than the clock. */
  readonly stopwatchMs?: () => number;
}
