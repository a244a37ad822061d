/** What a relay tells the others: which CoValues it committed content of. Never the content, so that a hostile bus can only delay it. */
export interface Notice {
  /** Another name at each start of a relay. */
  readonly sender: string;
  /** The number of notices that the sender has sent, this one included; unchanged in a beat, which has no IDs. Absent from relays of earlier versions. */
  readonly number?: number;
  readonly ids: readonly string[];
}

/** Sent in place of a sender when the storage got another epoch; after it, the name of the relay that renewed it. */
export const renewal = '*';

/** Sent in place of a sender when an operator has changed what is blocked. Earlier versions ignore it. */
export const restriction = '!';

const sender = /^([\w-]{1,40})(?:\.(\d{1,15}))?$/;
const id = /^co_z[1-9A-HJ-NP-Za-km-z]{1,60}$/;

/** Undefined for anything else. */
export function parseNotice(text: string): Notice | undefined {
  const [first = '', ...ids] = text.split(' ');
  const [, name, number] = sender.exec(first) ?? [];
  if (name === undefined) return undefined;
  return {
    sender: name,
    ...(number !== undefined && { number: Number(number) }),
    ids: ids.filter((one) => id.test(one)),
  };
}

/** Removes as many IDs as fit into a notice of `maxBytes`, but at least one, and returns its text. */
export function takeNotice(name: string, number: number, ids: Set<string>, maxBytes: number): string {
  const start = `${name}.${number}`;
  let text = start;
  for (const next of ids) {
    if (text !== start && text.length + 1 + next.length > maxBytes) break;
    text += ` ${next}`;
    ids.delete(next);
  }
  return text;
}
