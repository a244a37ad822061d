import type { CoValueLabel } from '../shared/covalue-label.ts';
import type { MessageStore } from './message-store.ts';
import { messageTypes, type MessageFilter, type MessageType } from '../snapshot/message-types.ts';
import { createNumberQueue } from './number-queue.ts';
import { textMatcher } from '../shared/text-matcher.ts';

/** The messages that match a filter. Catching up looks at what is new, and only at that. */
export interface MatchingMessages {
  /** Of all types that match the text. */
  readonly byType: Readonly<Partial<Record<MessageType, number>>>;
  readonly total: number;
  /** The number of one of them, from the oldest that is kept. */
  at(index: number): number | undefined;
  /** Where this message stands, or would. */
  indexOf(number: number): number;
  catchUp(): void;
}

const typesAround = 16;

export function createMatchingMessages(
  store: MessageStore,
  { text = '', isPattern = false, types }: MessageFilter,
  labelOf: (id: string) => CoValueLabel | undefined,
): MatchingMessages {
  const matches = textMatcher(text, isPattern);
  const wanted = types && new Set(types);
  const listed = createNumberQueue();
  /** Also of types that are not wanted, for their counts; where there is no text, the store counts them. */
  const matching = createNumberQueue();
  const byType: Partial<Record<MessageType, number>> = {};
  let next = store.first;

  function count(coded: number, change: number): void {
    const type = messageTypes[coded % typesAround] ?? 'other';
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
      matching.dropBelow(store.first * typesAround, (coded) => count(coded, -1));
      if (next > store.last) return;
      // Names can change, so what matched is remembered for this once.
      const known = new Map<number, boolean>();
      store.scan(Math.max(next, store.first), (number, type, sameWords) => {
        if (matches) {
          let isMatch = known.get(sameWords);
          if (isMatch === undefined) {
            isMatch = matches(wordsOf(number));
            known.set(sameWords, isMatch);
          }
          if (!isMatch) return;
          const coded = number * typesAround + messageTypes.indexOf(type);
          matching.push(coded);
          count(coded, 1);
        }
        if (!wanted || wanted.has(type)) listed.push(number);
      });
      next = store.last + 1;
    },
  };

  function wordsOf(number: number): string {
    const { type, id, relayID = '', note = '' } = store.at(number) ?? {};
    const { name = '', kind = '' } = (id !== undefined && labelOf(id)) || {};
    return `${type ?? ''} ${name} ${kind} ${id ?? ''} ${relayID} ${note}`;
  }
}
