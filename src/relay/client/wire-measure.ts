import type { ReceivedMessage, RefusalCode } from '../../wire/frames.ts';

/** Counts what passes through connections. Kinds are a fixed set of names, never text from a client. */
export interface WireMeasure {
  received(message: ReceivedMessage): void;
  sent(kind: string): void;
  refused(code: RefusalCode): void;
}
