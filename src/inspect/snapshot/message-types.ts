import type { CoValueLabel } from '../shared/covalue-label.ts';
import type { Priority } from '../snapshot.ts';

/** `opened` and `closed` are moments of a channel; `other` is what neither cojson nor the kernel sends. */
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

/** What is kept of each message, as plain JSON; its text beside it. */
export interface MessageFacts {
  /** From 1 on, over all relays. */
  readonly number: number;
  readonly atMs: number;
  readonly direction: Direction;
  readonly relayID: string;
  readonly type: MessageType;
  /** Of the CoValue it is about, or of a batch. */
  readonly id?: string;
  /** Of its text on the wire, as UTF-8. */
  readonly bytes: number;
  /** It came in the frame of the message before it. */
  readonly continuesFrame?: true;
  /** Transactions in a `content`; transactions that a `known` or `load` states; entries of a `reconcile`. */
  readonly count?: number;
  readonly priority?: Priority;
  /** The kind of a `maia` frame, the transport of an `opened`, the error of a `closed`. */
  readonly note?: string;
  readonly confirmation?: Confirmation;
  /** Of a `known` or `load` that confirmed something: how many `content`s, and the newest of them. */
  readonly confirms?: { readonly newest: number; readonly messages: number };
}

/** `unknown`: so much was sent and not confirmed that this one is no longer watched for. */
export type Confirmation =
  | { readonly state: 'waiting' | 'unknown' }
  | { readonly state: 'confirmed'; readonly by: number; readonly afterMs: number };

/** A row of the list: what is kept of a message, and how its CoValue is called now. */
export interface MessageRow extends MessageFacts {
  readonly label?: CoValueLabel;
}

/** What a snapshot says of messages: counts only. The same object while nothing changed. */
export interface MessageCounts {
  readonly kept: number;
  /** Messages that gave way to newer ones, and that are in no count here. */
  readonly dropped: number;
  /** Of the newest message; 0 where there was none. */
  readonly lastNumber: number;
  /** Texts of messages before this one are not kept any more; 1 where all are. */
  readonly firstWithText: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
}

export interface MessageFilter {
  /** Looked for in ids, names, types, relays and notes; not in texts, of which the older ones are compressed. */
  readonly text?: string;
  /** The text is a regular expression; one that is none is looked for as it stands. */
  readonly isPattern?: boolean;
  readonly types?: readonly MessageType[];
}

export interface MessagePage {
  /** Messages that match. */
  readonly total: number;
  /** Of those that match the text, whatever the wanted types. */
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
  readonly rows: readonly MessageRow[];
}

/** `withheld`: it could hold what must be in no panel and no file. */
export type MessageText =
  { readonly state: 'kept'; readonly text: string } | { readonly state: 'dropped' | 'withheld' | 'none' };
