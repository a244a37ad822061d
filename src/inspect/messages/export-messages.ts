import { kernelVersion } from '../../base/version.ts';
import { withoutChanges } from '../shared/redaction.ts';
import type { MessageText } from '../snapshot/message-types.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { harOf } from './har.ts';
import type { MessageStore } from './message-store.ts';
import {
  type KeptMessage,
  messagesFormat,
  type ExportedMessage,
  type MessagesHead,
} from './messages-file.ts';

export interface ExportOptions {
  readonly format: 'har' | 'ndjson';
  /** Includes what the app wrote, encrypted or public, instead of its length. Never includes tokens, proofs or keys. */
  readonly full?: boolean;
}

/** Returns the export in parts for a `Blob` or a file, never as a single string. */
export async function exportMessages(
  store: MessageStore,
  { format, full = false }: ExportOptions,
  { relays, nowMs }: { readonly relays: readonly Pick<Relay, 'id' | 'url'>[]; readonly nowMs: number },
): Promise<readonly string[]> {
  const head: MessagesHead = {
    ...messagesFormat,
    kernel: kernelVersion,
    exportedAtMs: nowMs,
    redacted: !full,
    dropped: store.dropped,
    relays: relays.map(({ id, url }) => ({ id, url })),
  };
  const messages = keptMessages(store, full);
  if (format === 'har') return harOf(messages, head);
  const lines = [`${JSON.stringify(head)}\n`];
  for await (const { facts, text } of messages) {
    const line: ExportedMessage =
      text.state === 'kept' ? { ...facts, text: text.text } : { ...facts, without: text.state };
    lines.push(`${JSON.stringify(line)}\n`);
  }
  return lines;
}

/** Up to the newest message at the time of the call. Inflates each block once; omits messages evicted meanwhile. */
async function* keptMessages(store: MessageStore, full: boolean): AsyncGenerator<KeptMessage> {
  const { last } = store;
  let number = store.first;
  while (number <= last) {
    const { first, texts } = await store.textsAt(number);
    for (const text of texts.slice(number - first)) {
      const facts = number <= last ? store.at(number) : undefined;
      if (facts) yield { facts, text: full || text.state !== 'kept' ? text : redacted(text.text) };
      number++;
    }
    number = Math.max(number, store.first);
  }
}

function redacted(text: string): MessageText {
  return { state: 'kept', text: withoutChanges(text) };
}
