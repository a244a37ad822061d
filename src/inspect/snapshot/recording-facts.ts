import type { SyncMessage } from 'cojson';
import type { Faults } from './fault-facts.ts';

/** Incremented when older readers would misread a recording. */
export const recordingVersion = 1;

export interface RecordingState {
  readonly sinceMs: number;
  readonly endedAtMs?: number;
  readonly why?: RecordingEndReason;
}

export interface RecordingNow extends RecordingState {
  /** Messages received. */
  readonly messages: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

/** `full`: it would have become too large. `closed`: the inspector was closed. */
export type RecordingEndReason = 'stopped' | 'full' | 'closed';

export interface RecordingHead {
  readonly maia: 'recording';
  readonly v: number;
  readonly kernel: string;
  readonly startedAtMs: number;
  readonly accountID: string;
  readonly sessionID: string;
  /** URLs without credentials or query string. */
  readonly relays: readonly { readonly id: string; readonly url: string }[];
}

export type Content = SyncMessage & { readonly action: 'content' };

/** A further line, in order of occurrence. It holds only what a relay may see: private values are encrypted. */
export type RecordingLine =
  /** Content that no relay sent: from before the recording, from storage, from another tab, or from this node. */
  | { readonly kind: 'had'; readonly content: Content }
  | {
      readonly kind: 'arrived';
      readonly atMs: number;
      readonly peerID: string;
      readonly message: SyncMessage;
    }
  | { readonly kind: 'connect' | 'disconnect'; readonly atMs: number; readonly peerID: string }
  /** Faults were set, or ended (`null`). */
  | { readonly kind: 'faults'; readonly atMs: number; readonly faults: Faults | null }
  | RecordingEnd;

/** The last line: the state of the node at the end. */
export interface RecordingEnd {
  readonly kind: 'end';
  readonly atMs: number;
  readonly why: RecordingEndReason;
  readonly coValues: readonly RecordedState[];
}

/** The state of a CoValue: the transaction count of each session, and the signature over them. Readable without keys. */
export interface RecordedState {
  readonly id: string;
  readonly sessions: Readonly<Record<string, SessionState>>;
}
export type SessionState = readonly [count: number, signature: string];

/** The first difference between two nodes. With `sessionID`, an absent side lacks the whole session. */
export interface StateDifference {
  readonly id: string;
  /** Absent if the whole CoValue is missing. */
  readonly sessionID?: string;
  readonly recorded?: SessionState;
  readonly replayed?: SessionState;
}

export interface ReplayResult {
  readonly recordedAtMs: number;
  readonly kernel: string;
  readonly accountID: string;
  readonly why: RecordingEndReason;
  readonly faultSeeds: readonly number[];
  /** Messages received, and CoValues present at the end. */
  readonly messages: number;
  readonly coValues: number;
  /** Over the counts and signatures of every session: equal for equal states. */
  readonly recordedHash: string;
  readonly replayedHash: string;
  /** Absent if the states are equal. */
  readonly difference?: StateDifference;
}
