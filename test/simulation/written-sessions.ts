import type { CoValueCore, LocalNode, RawCoID, SessionID } from 'cojson';
import { wrapMethod } from '../../src/engine/wrap-method.ts';

/**
 * Follows under which of its sessions a page makes each edit: under the spare one while the CoValue may lack what earlier runs
 * wrote. Call it after `createSpareSession`. Returns the session of the page's last edit of a CoValue, if it made any.
 */
export function followWrittenSessions(
  node: LocalNode,
  sessionIDs: readonly SessionID[],
): (id: RawCoID) => SessionID | undefined {
  const last = new Map<RawCoID, SessionID>();
  const followed = new WeakSet<CoValueCore>();

  function follow(core: CoValueCore): void {
    followed.add(core);
    const makeTransaction = core.makeTransaction.bind(core);
    core.makeTransaction = (...edit) => {
      const before = { ...core.knownState().sessions };
      try {
        return makeTransaction(...edit);
      } finally {
        const { sessions } = core.knownState();
        const session = sessionIDs.find((candidate) => sessions[candidate] !== before[candidate]);
        if (session) last.set(core.id, session);
      }
    };
  }

  wrapMethod(node, 'getCoValue', (next) => (id) => {
    const core = next(id);
    if (!followed.has(core)) follow(core);
    return core;
  });
  return (id) => last.get(id);
}
