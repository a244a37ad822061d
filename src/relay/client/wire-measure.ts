import type { RefusalReason } from '../admission/content-refusal.ts';
import type { ReceivedMessage, RefusalCode } from '../../wire/frames.ts';

/** Counts what passes through connections. Kinds are a fixed set of names, never text from a client. */
export interface WireMeasure {
  received(message: ReceivedMessage): void;
  sent(kind: string): void;
  refused(code: RefusalCode): void;
  /** Content of a session was not admitted. */
  refusedContent(reason: RefusalReason): void;
}
