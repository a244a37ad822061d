import { textMatcher } from '../shared/text-matcher.ts';
import type { CoValueLabel } from '../snapshot/covalue-kind.ts';
import { messageTypes, type MessageFilter, type MessageType } from '../snapshot/message-types.ts';
import type { MessageStore } from './message-store.ts';
import { createNumberQueue } from './number-queue.ts';

/** The messages that match a filter. `catchUp` looks at new messages only. */
export interface MatchingMessages {
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
  readonly total: number;
  /** The number of the message at this index; the oldest available is at 0. */
  at(index: number): number | undefined;
  /** The message's index, or the index where it would be. */
  indexOf(number: number): number;
  catchUp(): void;
}

const typeFactor = 16;

export function createMatchingMessages(
  store: MessageStore,
  { text = '', isPattern = false, types }: MessageFilter,
  labelOf: (id: string) => CoValueLabel | undefined,
): MatchingMessages {
  const matches = textMatcher(text, isPattern);
  const wanted = types && new Set(types);
  const listed = createNumberQueue();
  /** Includes unwanted types, for their counts. Empty without a text, because the store has those counts. */
  const matching = createNumberQueue();
  const byType: Partial<Record<MessageType, number>> = {};
  let next = store.first;

  function count(coded: number, change: number): void {
    const type = messageTypes[coded % typeFactor] ?? 'other';
    byType[type] = (byType[type] ?? 0) + change;
  }

  return {
    get byType() {
      return matches ? byType : store.byType;
    },
    get total() {
      return listed.length;
    },
    at: (index) => listed.at(index),
    indexOf: (number) => listed.countBelow(number),
    catchUp() {
      listed.dropBelow(store.first);
      matching.dropBelow(store.first * typeFactor, (coded) => count(coded, -1));
      if (next > store.last) return;
      // Cache results for this call only, because names can change.
      const known = new Map<number, boolean>();
      store.scan(Math.max(next, store.first), (number, type, wordsKey) => {
        if (matches) {
          let isMatch = known.get(wordsKey);
          if (isMatch === undefined) {
            isMatch = matches(searchableText(number));
            known.set(wordsKey, isMatch);
          }
          if (!isMatch) return;
          const coded = number * typeFactor + messageTypes.indexOf(type);
          matching.push(coded);
          count(coded, 1);
        }
        if (!wanted || wanted.has(type)) listed.push(number);
      });
      next = store.last + 1;
    },
  };

  function searchableText(number: number): string {
    const { type, id, relayID = '', note = '' } = store.at(number) ?? {};
    const { name = '', kind = '' } = (id !== undefined && labelOf(id)) || {};
    return `${type ?? ''} ${name} ${kind} ${id ?? ''} ${relayID} ${note}`;
  }
}
