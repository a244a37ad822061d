import type { MessageFacts, MessageText } from '../snapshot/message-types.ts';

export const messagesFormat = { maia: 'messages', v: 1 } as const;

/** The first line of a message export; each further line is one message. */
export interface MessagesHead {
  readonly maia: 'messages';
  readonly v: 1;
  readonly kernel: string;
  readonly exportedAtMs: number;
  /** Whether what the app wrote is replaced by its length. */
  readonly redacted: boolean;
  /** Messages evicted before the export. */
  readonly dropped: number;
  readonly relays: readonly { readonly id: string; readonly url: string }[];
}

export type ExportedMessage = MessageFacts &
  ({ readonly text: string } | { readonly without: Exclude<MessageText['state'], 'kept'> });

export interface KeptMessage {
  readonly facts: MessageFacts;
  readonly text: MessageText;
}
