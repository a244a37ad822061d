import type { RelayAnswer, Unanswered } from '../../src/inspect/covalue/relay-queries.ts';

const reasons: Readonly<Record<Unanswered, string>> = {
  'not-connected': 'cannot be asked: not connected',
  'stock-relay': 'cannot be asked: it is not a Maia relay',
  'stock-node': 'cannot be asked: the app connects this node itself',
  'not-offered': 'does not answer: its operator must allow it with --inspect',
  'too-many': 'was not asked: too many open questions',
  disconnected: 'did not answer: the connection ended',
  timeout: 'did not answer within 10 s',
  closed: 'was not asked: the session closed',
};

/** Explains a missing answer. Undefined if the relay answered. */
export function explainSilence(answer: RelayAnswer): string | undefined {
  return 'unanswered' in answer ? `${answer.relay} ${reasons[answer.unanswered]}` : undefined;
}

/** How many transactions of a session the relay holds. Undefined if it did not answer. */
export function heldBy(answer: RelayAnswer | undefined, sessionID: string): number | undefined {
  if (!answer || 'unanswered' in answer) return undefined;
  return answer.known?.sessions[sessionID] ?? 0;
}
