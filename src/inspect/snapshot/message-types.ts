import type { CoValueLabel } from './covalue-kind.ts';
import type { Priority } from './queue-facts.ts';

/** `opened` and `closed` are channel events; `other` was not read, or neither cojson nor the kernel sends it. */
export const messageTypes = [
  'content',
  'known',
  'load',
  'reconcile',
  'reconcile-ack',
  'done',
  'maia',
  'ping',
  'opened',
  'closed',
  'other',
] as const;
export type MessageType = (typeof messageTypes)[number];

export const directions = ['sent', 'received', 'none'] as const;
export type Direction = (typeof directions)[number];

/** The stored facts of a message, as plain JSON; its text is stored separately. */
export interface MessageFacts {
  /** Counts from 1, over all relays. */
  readonly number: number;
  readonly atMs: number;
  readonly direction: Direction;
  readonly relayID: string;
  /** The number of its channel, over all relays; while a relay is dialled, it may have several. */
  readonly channel: number;
  readonly type: MessageType;
  /** ID of its CoValue, or of its batch. */
  readonly id?: string;
  /** Size on the wire, as UTF-8. */
  readonly bytes: number;
  /** In the same frame as the previous message. */
  readonly continuesFrame?: true;
  /** Transactions in a `content`, or stated by a `known` or `load`; entries of a `reconcile`. */
  readonly count?: number;
  readonly priority?: Priority;
  /** Such as the kind of a `maia` frame, the transport of an `opened` or the error of a `closed`. */
  readonly note?: string;
  readonly confirmation?: Confirmation;
  /** Of a confirming `known` or `load`: the newest `content` that it confirmed, and how many it confirmed. */
  readonly confirms?: { readonly newest: number; readonly messages: number };
}

/** `unknown`: no longer tracked, because too much was sent without confirmation. */
export type Confirmation =
  | { readonly state: 'waiting' | 'unknown' }
  | { readonly state: 'confirmed'; readonly by: number; readonly afterMs: number };

export interface MessageRow extends MessageFacts {
  readonly label?: CoValueLabel;
}

/** Counts of the recorded messages. The same object until a count changes. */
export interface MessageCounts {
  readonly kept: number;
  /** Messages evicted by newer ones; excluded from all other counts. */
  readonly dropped: number;
  /** Of the newest message; 0 if there is none. */
  readonly lastNumber: number;
  /** The texts of earlier messages are no longer available; 1 if all are available. */
  readonly firstWithText: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
}

export interface MessageFilter {
  /** Searched for in IDs, names, types, relays and notes, but not in message texts: older ones are compressed. */
  readonly text?: string;
  /** `text` is a regular expression; an invalid one is searched for literally. */
  readonly isPattern?: boolean;
  readonly types?: readonly MessageType[];
}

export interface MessagePage {
  readonly total: number;
  /** Counts of messages that match the text, regardless of `types`. */
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
  readonly rows: readonly MessageRow[];
}

/** `withheld`: it may contain secrets that must not appear in the panel or in files. */
export type MessageText =
  { readonly state: 'kept'; readonly text: string } | { readonly state: 'dropped' | 'withheld' | 'none' };
