import type { CoValueCore, LocalNode, RawCoID, SessionID } from 'cojson';
import type { DeviceStorage } from '../../storage/device-storage.ts';

export interface WholeSessions {
  /** From now on every edit goes under the spare session. */
  retire(): void;
}

/**
 * Keeps a node from forking the session it goes on with. cojson writes on as soon as it has a CoValue's header: made
 * again under a known id, sent by a relay along with what depends on it, or in the first piece that the storage hands
 * out. What an earlier run wrote there may not be in memory yet, and would be written over. Such an edit goes under a
 * session of its own, `spareID`, which no other run has.
 *
 * To be called after `setStorage`, before anything is loaded or made.
 */
export function keepSessionsWhole(
  node: LocalNode,
  storage: DeviceStorage,
  spareID: SessionID,
): WholeSessions {
  const ownID = node.currentSessionID;
  const whole = new WeakSet<CoValueCore>();
  const followed = new WeakSet<CoValueCore>();
  const madeHere = new Set<string>();
  const getCoValue = node.getCoValue.bind(node);
  const { crypto } = node;
  const uniquenessForHeader = crypto.uniquenessForHeader.bind(crypto);
  const load = storage.load.bind(storage);
  let isRetired = false;

  crypto.uniquenessForHeader = () => {
    const uniqueness = uniquenessForHeader();
    madeHere.add(uniqueness);
    return uniqueness;
  };
  storage.load = (id, callback, done) =>
    load(id, callback, (isFound) => {
      // A storage that fails finds nothing either, and says nothing about what stands there.
      if (isFound || storage.status.current.state === 'ok') whole.add(getCoValue(id as RawCoID));
      done?.(isFound);
    });
  // Every CoValue comes from here, also one that was unmounted and is loaded again.
  node.getCoValue = (id) => {
    const core = getCoValue(id);
    if (!followed.has(core)) follow(core);
    return core;
  };

  function follow(core: CoValueCore): void {
    followed.add(core);
    const makeTransaction = core.makeTransaction.bind(core);
    core.makeTransaction = (...edit) => {
      // Set each time, as an edit's listeners make edits of their own.
      const before = node.currentSessionID;
      Object.assign(node, { currentSessionID: !isRetired && isWhole(core) ? ownID : spareID });
      try {
        return makeTransaction(...edit);
      } finally {
        Object.assign(node, { currentSessionID: before });
      }
    };
  }

  function isWhole(core: CoValueCore): boolean {
    if (whole.has(core)) return true;
    const uniqueness = core.verified?.header.uniqueness;
    if (typeof uniqueness !== 'string' || !madeHere.delete(uniqueness)) return false;
    whole.add(core);
    return true;
  }

  return {
    retire() {
      isRetired = true;
    },
  };
}
