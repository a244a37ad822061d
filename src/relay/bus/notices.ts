/** What a relay tells the others: which CoValues it committed content of. Never the content, so that a hostile bus can only delay it. */
export interface Notice {
  /** Another name at each start of a relay. */
  readonly sender: string;
  /** The number of notices that the sender has sent, this one included; unchanged in a beat, which has no IDs. Absent from relays of earlier versions. */
  readonly number?: number;
  readonly ids: readonly string[];
  /** Names the clients that pushed those over HTTP, by ID. Absent from relays of earlier versions. */
  readonly pushedBy: ReadonlyMap<string, string>;
}

/** Sent in place of a sender when the storage got another epoch; after it, the name of the relay that renewed it. */
export const renewal = '*';

/** Sent in place of a sender when an operator has changed what is blocked. Earlier versions ignore it. */
export const restriction = '!';

const sender = /^([\w-]{1,40})(?:\.(\d{1,15}))?$/;
const pusher = /^~([\w-]{0,16})$/;
const id = /^co_z[1-9A-HJ-NP-Za-km-z]{1,60}$/;

/** Undefined for anything else. */
export function parseNotice(text: string): Notice | undefined {
  const [first = '', ...rest] = text.split(' ');
  const [, name, number] = sender.exec(first) ?? [];
  if (name === undefined) return undefined;
  const ids: string[] = [];
  const pushedBy = new Map<string, string>();
  let current = '';
  for (const one of rest) {
    current = pusher.exec(one)?.[1] ?? current;
    if (!id.test(one)) continue;
    ids.push(one);
    if (current !== '') pushedBy.set(one, current);
  }
  return { sender: name, ...(number !== undefined && { number: Number(number) }), ids, pushedBy };
}

/** The CoValues to name in notices, each with a name of the client that alone has pushed it, over HTTP. */
export type WaitingNews = Map<string, string | undefined>;

export function addNews(news: WaitingNews, ids: Iterable<string>, pushedBy: string | undefined): void {
  for (const one of ids) news.set(one, news.has(one) && news.get(one) !== pushedBy ? undefined : pushedBy);
}

/** Removes as many IDs as fit into a notice of `maxBytes`, but at least one, and returns its text. */
export function takeNotice(name: string, number: number, news: WaitingNews, maxBytes: number): string {
  const start = `${name}.${number}`;
  let text = start;
  let current = '';
  for (const [next, pushedBy = ''] of news) {
    const added = `${pushedBy === current ? '' : ` ~${pushedBy}`} ${next}`;
    if (text !== start && text.length + added.length > maxBytes) break;
    text += added;
    current = pushedBy;
    news.delete(next);
  }
  return text;
}
