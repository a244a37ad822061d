import type { SyncMessage } from 'cojson';

type Content = Extract<SyncMessage, { readonly action: 'content' }>;

/** Content that may not leave yet. Like cojson's queue, gives the most urgent first, and of that the oldest. */
export interface WaitingContent {
  readonly isEmpty: boolean;
  add(content: Content): void;
  /** Before what was added. */
  putBack(content: Content): void;
  take(): Content | undefined;
  clear(): void;
}

/** cojson's priorities are 0, 3 and 6. */
const lowest = 6;

export function createWaitingContent(): WaitingContent {
  const last: Content[] = [];
  const lists = [...Array.from({ length: lowest }, (): Content[] => []), last];
  const listOf = ({ priority }: Content) => lists[priority] ?? last;
  const next = () => lists.find(({ length }) => length > 0);

  return {
    get isEmpty() {
      return next() === undefined;
    },
    add: (content) => void listOf(content).push(content),
    putBack: (content) => void listOf(content).unshift(content),
    take: () => next()?.shift(),
    clear() {
      for (const list of lists) list.length = 0;
    },
  };
}
