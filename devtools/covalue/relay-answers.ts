import type { RelayAnswer, Unanswered } from '../../src/inspect/relay-asks.ts';

const reasons: Readonly<Record<Unanswered, string>> = {
  'not-connected': 'cannot be asked: not connected',
  'stock-relay': 'cannot be asked: a relay of another kind',
  'stock-node': 'cannot be asked: the app itself connects this node',
  'not-offered': 'does not answer: its operator has to allow it with --inspect',
  'too-many': 'was not asked: too many questions are open',
  disconnected: 'did not answer: the connection ended',
  timeout: 'did not answer within 10 s',
  closed: 'was not asked any more',
};

/** After the relay's name; undefined for one that answered. */
export function silenceWords(answer: RelayAnswer): string | undefined {
  return 'unanswered' in answer ? `${answer.relay} ${reasons[answer.unanswered]}` : undefined;
}

/** How many transactions of a session the relay holds; undefined where it did not say. */
export function heldBy(answer: RelayAnswer | undefined, sessionID: string): number | undefined {
  if (!answer || 'unanswered' in answer) return undefined;
  return answer.known?.sessions[sessionID] ?? 0;
}
