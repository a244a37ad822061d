import type { CoValueCore, LocalNode } from 'cojson';

/** How far a CoValue is: each session's count of transactions, and the signature over all of them. Needs no keys to read. */
export interface CoValueState {
  readonly id: string;
  readonly sessions: Readonly<Record<string, SessionState>>;
}
export type SessionState = readonly [count: number, signature: string];

/** Of all CoValues in memory, in the order of their ids. */
export function readStates(node: LocalNode): readonly CoValueState[] {
  const states = [...node.allCoValues()].flatMap((core) => stateOf(core) ?? []);
  return states.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function stateOf({ id, verified }: CoValueCore): CoValueState | undefined {
  if (!verified) return undefined;
  const sessions = [...verified.sessionEntries()]
    .map(([sessionID, log]) => [sessionID, log.transactions.length, log.lastSignature ?? ''] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { id, sessions: Object.fromEntries(sessions.map(([id, ...state]) => [id, state])) };
}

/** Where two nodes differ first. A missing side has none of it. */
export interface StateDifference {
  readonly id: string;
  /** Absent where the whole CoValue is missing. */
  readonly sessionID?: string;
  readonly recorded?: SessionState;
  readonly replayed?: SessionState;
}

/** Looks at what was recorded: what a replay knows beyond that is from CoValues that had left the memory by the end. */
export function firstDifference(
  recorded: readonly CoValueState[],
  replayed: readonly CoValueState[],
): StateDifference | undefined {
  const replayedByID = new Map(replayed.map((state) => [state.id, state]));
  for (const { id, sessions } of recorded) {
    const other = replayedByID.get(id)?.sessions;
    if (!other) return { id };
    for (const sessionID of new Set([...Object.keys(sessions), ...Object.keys(other)])) {
      const [own, its] = [sessions[sessionID], other[sessionID]];
      if (own?.[0] === its?.[0] && own?.[1] === its?.[1]) continue;
      return { id, sessionID, ...(own && { recorded: own }), ...(its && { replayed: its }) };
    }
  }
  return undefined;
}
