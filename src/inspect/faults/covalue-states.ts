import type { CoValueCore, LocalNode } from 'cojson';
import type { RecordedState, StateDifference } from '../snapshot/recording-facts.ts';

/** The states of all CoValues in memory, sorted by ID. */
export function readStates(node: LocalNode): readonly RecordedState[] {
  return [...node.allCoValues()]
    .flatMap((core) => stateOf(core) ?? [])
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function stateOf({ id, verified }: CoValueCore): RecordedState | undefined {
  if (!verified) return undefined;
  const sessions = [...verified.sessionEntries()]
    .map(([sessionID, log]) => [sessionID, log.transactions.length, log.lastSignature ?? ''] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { id, sessions: Object.fromEntries(sessions.map(([id, ...state]) => [id, state])) };
}

/** Compares recorded CoValues only: others in the replay had been evicted by the end of the recording. */
export function firstDifference(
  recorded: readonly RecordedState[],
  replayed: readonly RecordedState[],
): StateDifference | undefined {
  const replayedByID = new Map(replayed.map((state) => [state.id, state]));
  for (const { id, sessions } of recorded) {
    const other = replayedByID.get(id)?.sessions;
    if (!other) return { id };
    for (const sessionID of new Set([...Object.keys(sessions), ...Object.keys(other)])) {
      const [before, after] = [sessions[sessionID], other[sessionID]];
      if (before?.[0] === after?.[0] && before?.[1] === after?.[1]) continue;
      return { id, sessionID, ...(before && { recorded: before }), ...(after && { replayed: after }) };
    }
  }
  return undefined;
}
