import type { CoValueLabel } from '../shared/covalue-label.ts';
import { createMatchingMessages, type MatchingMessages } from './matching-messages.ts';
import { textAt, type MessageStore } from './message-store.ts';
import type {
  MessageCounts,
  MessageFilter,
  MessagePage,
  MessageRow,
  MessageText,
  MessageType,
} from '../snapshot/message-types.ts';

/** Reads messages that were recorded here, or in a file. Reading has no side effect. */
export interface MessageReader {
  /** The same object while nothing changed. */
  readonly counts: MessageCounts;
  /** Rows of those that match, from an index on, at most 500 at a time; the last of them where `from` is left out. */
  read(wanted?: {
    readonly from?: number;
    readonly count?: number;
    readonly filter?: MessageFilter;
  }): MessagePage;
  row(number: number): MessageRow | undefined;
  /** The newest messages about a CoValue, newest first, at most 500 of them. */
  about(id: string): readonly MessageRow[];
  /** Where a message stands among those that match; -1 where it does not. */
  indexOf(number: number, filter?: MessageFilter): number;
  /** The `content`s that this message confirmed, newest first. */
  confirmedBy(number: number): readonly number[];
  textOf(number: number): Promise<MessageText>;
}

const mostRows = 500;

/** `upToDate`: the store, with what was heard until now. */
export function createMessageReader(
  upToDate: () => MessageStore,
  labelOf: (id: string) => CoValueLabel | undefined,
): MessageReader {
  let matching: MatchingMessages | undefined;
  let matchingKey: string | undefined;
  let counts: MessageCounts | undefined;
  let countsVersion = -1;

  function matchingFor(filter: MessageFilter): MatchingMessages {
    const store = upToDate();
    const key = JSON.stringify([filter.text ?? '', filter.isPattern ?? false, filter.types]);
    if (key !== matchingKey || !matching) {
      matching = createMatchingMessages(store, filter, labelOf);
      matchingKey = key;
    }
    matching.catchUp();
    return matching;
  }

  function row(number: number): MessageRow | undefined {
    const facts = upToDate().at(number);
    if (!facts) return undefined;
    const label = facts.id?.startsWith('co_') ? labelOf(facts.id) : undefined;
    return { ...facts, ...(label && { label }) };
  }

  return {
    get counts() {
      const store = upToDate();
      if (counts && countsVersion === store.version) return counts;
      countsVersion = store.version;
      const { first, last: lastNumber, firstWithText, bytes, maxBytes } = store;
      counts = {
        ...{ kept: lastNumber - first + 1, dropped: store.dropped, lastNumber, firstWithText },
        ...{ bytes, maxBytes, byType: keptTypes(store.byType) },
      };
      return counts;
    },
    read({ from, count = 100, filter = {} } = {}) {
      const found = matchingFor(filter);
      const length = Math.min(count, mostRows, found.total);
      const begin = Math.max(0, from ?? found.total - length);
      const rows = Array.from({ length }, (_, offset) => {
        const number = found.at(begin + offset);
        return number === undefined ? undefined : row(number);
      });
      return {
        total: found.total,
        byType: keptTypes(found.byType),
        rows: rows.filter((own) => own !== undefined),
      };
    },
    row,
    about: (id) =>
      upToDate()
        .about(id, mostRows)
        .flatMap((number) => row(number) ?? []),
    indexOf(number, filter = {}) {
      const found = matchingFor(filter);
      const index = found.indexOf(number);
      return found.at(index) === number ? index : -1;
    },
    confirmedBy(number) {
      const store = upToDate();
      const { newest, messages } = store.at(number)?.confirms ?? { newest: 0, messages: 0 };
      const numbers: number[] = [];
      for (let own = newest; own >= store.first && numbers.length < Math.min(messages, mostRows); own--) {
        const { confirmation } = store.at(own) ?? {};
        if (confirmation?.state === 'confirmed' && confirmation.by === number) numbers.push(own);
      }
      return numbers;
    },
    textOf: (number) => textAt(upToDate(), number),
  };
}

function keptTypes(
  byType: Readonly<Partial<Record<MessageType, number>>>,
): Readonly<Partial<Record<MessageType, number>>> {
  return Object.fromEntries(Object.entries(byType).filter(([, count]) => count > 0));
}
