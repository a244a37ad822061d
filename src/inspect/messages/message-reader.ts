import type { CoValueLabel } from '../snapshot/covalue-kind.ts';
import type {
  MessageCounts,
  MessageFilter,
  MessagePage,
  MessageRow,
  MessageText,
  MessageType,
} from '../snapshot/message-types.ts';
import { createMatchingMessages, type MatchingMessages } from './matching-messages.ts';
import { textAt, type MessageStore } from './message-store.ts';

export interface MessageReader {
  /** The same object until a count changes. */
  readonly counts: MessageCounts;
  /** Matching rows from an index on, at most 500 at a time. Default for `from`: the last rows. */
  read(wanted?: {
    readonly from?: number;
    readonly count?: number;
    readonly filter?: MessageFilter;
  }): MessagePage;
  row(number: number): MessageRow | undefined;
  /** The messages about a CoValue, newest first, at most 500. */
  about(id: string): readonly MessageRow[];
  /** A message's index among the matching ones, or -1. */
  indexOf(number: number, filter?: MessageFilter): number;
  /** The `content`s this message confirmed, newest first. */
  confirmedBy(number: number): readonly number[];
  textOf(number: number): Promise<MessageText>;
}

const maxRows = 500;

/** `upToDate` returns the store with all messages so far. */
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
        kept: lastNumber - first + 1,
        dropped: store.dropped,
        lastNumber,
        firstWithText,
        bytes,
        maxBytes,
        byType: keptTypes(store.byType),
      };
      return counts;
    },
    read({ from, count = 100, filter = {} } = {}) {
      const found = matchingFor(filter);
      const length = Math.min(count, maxRows, found.total);
      const begin = Math.max(0, from ?? found.total - length);
      const rows = Array.from({ length }, (_, offset) => {
        const number = found.at(begin + offset);
        return number === undefined ? undefined : row(number);
      });
      return {
        total: found.total,
        byType: keptTypes(found.byType),
        rows: rows.filter((found) => found !== undefined),
      };
    },
    row,
    about: (id) =>
      upToDate()
        .about(id, maxRows)
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
      for (let sent = newest; sent >= store.first && numbers.length < Math.min(messages, maxRows); sent--) {
        const { confirmation } = store.at(sent) ?? {};
        if (confirmation?.state === 'confirmed' && confirmation.by === number) numbers.push(sent);
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
