/** What a relay said, on being asked, that it has committed of a CoValue. */
export type RelayAnswer = {
  readonly relayID: string;
  readonly atMs: number;
} & (
  | { readonly known: { readonly sessions: Readonly<Record<string, number>> } | null }
  | { readonly unanswered: string }
);

/** Undefined where the inspector cannot ask. */
export function askOf(inspector: object): ((id: string) => Promise<readonly RelayAnswer[]>) | undefined {
  const ask: unknown = Reflect.get(inspector, 'askRelays' satisfies string);
  return typeof ask === 'function' ? (ask as (id: string) => Promise<readonly RelayAnswer[]>) : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  'not-connected': 'cannot be asked: not connected',
  'stock-relay': 'cannot be asked: a relay of another kind',
  'not-offered': 'does not answer: its operator does not allow it',
  'too-many': 'was not asked: too many questions are open',
  disconnected: 'did not answer: the connection ended',
  timeout: 'did not answer within 10 s',
  closed: 'was not asked any more',
};

/** After the relay's name. */
export function unansweredWords(why: string): string {
  return reasons[why] ?? 'did not answer';
}

/** How many transactions of a session the relay holds; undefined where it did not say. */
export function heldBy(answer: RelayAnswer | undefined, sessionID: string): number | undefined {
  if (!answer || 'unanswered' in answer) return undefined;
  return answer.known?.sessions[sessionID] ?? 0;
}
