import type { Clock } from '../base/clock.ts';
import type { Readable } from '../base/readable.ts';
import type { FaultPlan } from '../transport/faulty-transport.ts';
import type { CoValueFacts } from './covalue/covalue-facts.ts';
import type { CoValueReader } from './covalue/covalue-reader.ts';
import type { Explanation } from './unsynced/explain.ts';
import type { FaultOptions, Faults } from './faults/faults.ts';
import type { MessageLog } from './messages/message-log.ts';
import type { RecordingState } from './faults/recorder.ts';
import type { RelayAnswer } from './relay-asks.ts';
import type { InspectorIncrement, InspectorSnapshot, Overview, UnsyncedRow } from './snapshot.ts';
import type { StorageControls } from './storage/storage-watch.ts';
import type { Story } from './unsynced/timeline.ts';

/** Reads a running sync. Reading has no side effect; what acts are the `controls`. */
export interface Inspector {
  readonly protocol: number;
  /** Follows the sync all the time: a few figures, made from the sync state alone. Who subscribes is told at most four times a second. */
  readonly overview: Readable<Overview>;
  /** Those that this inspector has set. */
  readonly faults: Readable<Faults | undefined>;
  /** The one that runs, or that ended by itself and was not fetched yet. */
  readonly recording: Readable<RecordingState | undefined>;
  /** Each message to and from the relays, since this inspector was made. */
  readonly messages: MessageLog;
  snapshot(): InspectorSnapshot;
  /** Why a CoValue is not synced, with what it rests on and what to do. Loads nothing. */
  explain(id: string): Explanation;
  /**
   * The values of a CoValue that the app has open, as words to search in: at most 2,000 characters, and empty where the
   * account cannot read it. Opens and decrypts nothing.
   */
  contentWords(id: string): string;
  /** What has happened to a CoValue that is not synced, as a snapshot has it, with the messages that say so. */
  story(row: Pick<UnsyncedRow, 'id' | 'sinceMs' | 'missingAt'>): Story;
  /** One CoValue: its header, group, size, and which relay has said what of it. Loads nothing: of what is not in memory it says so. */
  coValue(id: string): CoValueFacts;
  /** What can be much of one CoValue, by the page: members, sessions, transactions, the value as a tree. */
  readonly coValues: CoValueReader;
  /**
   * Asks each relay what it has committed of a CoValue, loaded here or not, and resolves within 10 s with what each said, or
   * why it said nothing. It sends a message to the relays that offer this, which nothing else here does unasked; the CoValue
   * is loaded neither there nor here. At most 20 questions to a relay are open at a time. Rejects with MESSAGE_INVALID for
   * what is not the ID of a CoValue.
   */
  askRelays(id: string): Promise<readonly RelayAnswer[]>;
  /**
   * Calls with what changed, soon after it did and at least once a second, seldomer when reading takes long.
   * While nobody is subscribed nothing is read; messages are still counted by the second, in bounded memory. While somebody
   * is, the account's other tabs are asked once a second who is there.
   */
  subscribe(listener: (increment: InspectorIncrement) => void): () => void;
  readonly controls: StorageControls & {
    pause(): void;
    resume(): void;
    /** Tries now, whatever the back-off says. */
    reconnect(): void;
    /** Has cojson's tracker forget a CoValue that every relay has, in a node whose peers the app adds itself. Sends nothing. */
    repair(id: string): void;
    /**
     * Loads a CoValue, of this device or a relay, and opens it as the app would; false where neither has it. It leaves the
     * memory again like any other that nobody uses. Rejects with MESSAGE_INVALID for what is not the ID of a CoValue.
     */
    loadCoValue(id: string): Promise<boolean>;
    /**
     * Breaks the connections to relays as the plan says, until its time is over, this inspector is closed, or it is called
     * with undefined. Connections are made anew at the beginning and at the end. Throws RangeError for a plan that makes no
     * sense.
     */
    setFaults(plan: FaultPlan | undefined, options?: FaultOptions): void;
    /**
     * Records what arrives from the relays, with what the node has besides, until `stop` returns it as lines of JSON. It ends
     * by itself before it passes 16 MB. It holds what a relay is given to see, and no key: private values are encrypted in
     * it. Throws where one runs already.
     */
    record(): { stop(): string };
    /**
     * Gives a recording to a node of its own, without keys, storage and relay, and answers how that ends: see `replay` in the
     * snapshot. This node is not touched. Rejects with MESSAGE_INVALID for what is no recording.
     */
    replay(recording: string): Promise<InspectorSnapshot>;
  };
  /** Lets go of the sync, which goes on. Safe to call twice. */
  close(): void;
}

export interface InspectorOptions {
  readonly clock?: Clock;
  /** For what inspecting itself costs: finer than the clock. */
  readonly stopwatchMs?: () => number;
}
