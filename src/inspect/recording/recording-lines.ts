import type { SyncMessage } from 'cojson';
import type { Faults } from '../faults/faults.ts';
import type { CoValueState } from './co-value-states.ts';

/** Goes up when older readers would misread it. */
export const recordingVersion = 1;

/** The first line of a recording. */
export interface RecordingHead {
  readonly maia: 'recording';
  readonly v: number;
  readonly kernel: string;
  readonly startedAtMs: number;
  readonly accountID: string;
  readonly sessionID: string;
  /** Without credentials and query. */
  readonly relays: readonly { readonly id: string; readonly url: string }[];
}

export type Content = SyncMessage & { readonly action: 'content' };

/** A line after it, in the order in which it happened. All of it is what a relay is given to see: encrypted where it is private. */
export type RecordingLine =
  /** The node has this from elsewhere: from before, from this device's storage, from another tab, or it made it. */
  | { readonly kind: 'had'; readonly content: Content }
  | {
      readonly kind: 'arrived';
      readonly atMs: number;
      readonly peerID: string;
      readonly message: SyncMessage;
    }
  | { readonly kind: 'connect' | 'disconnect'; readonly atMs: number; readonly peerID: string }
  /** Set or ended. */
  | { readonly kind: 'faults'; readonly atMs: number; readonly faults: Faults | null }
  | RecordingEnd;

/** The last line: where the node was then. */
export interface RecordingEnd {
  readonly kind: 'end';
  readonly atMs: number;
  readonly why: RecordingEndReason;
  readonly coValues: readonly CoValueState[];
}
/** `full`: it would have become too large. `closed`: the inspector was closed. */
export type RecordingEndReason = 'stopped' | 'full' | 'closed';
