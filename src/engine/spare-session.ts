import type { CoValueCore, LocalNode, SessionID } from 'cojson';
import { getOrCreateCoValue } from './covalue-lookup.ts';
import { wrapMethod } from './wrap-method.ts';

export interface SpareSession {
  /** From now on every edit is made under the spare session. */
  retire(): void;
}

/**
 * Keeps a node from forking the session that it resumes. cojson accepts edits as soon as it has a CoValue's header:
 * after the app creates it again under its known ID, after a relay sends it with a dependent CoValue, or after its
 * first piece is read from storage. An earlier run's transactions may not be in memory then and would be overwritten.
 * Such an edit is made under `spareID`, a session that no other run has.
 *
 * Call it after `setStorage`, before anything is loaded or created.
 */
export function createSpareSession(options: {
  readonly node: LocalNode;
  readonly spareID: SessionID;
  /** False while the storage fails: if it finds no CoValue then, that proves nothing. */
  readonly isReliable: () => boolean;
}): SpareSession {
  const { node, spareID, isReliable } = options;
  const { crypto, storage, currentSessionID: resumedID } = node;
  /** CoValues that have in memory all that earlier runs of the session wrote. */
  const complete = new WeakSet<CoValueCore>();
  const followed = new WeakSet<CoValueCore>();
  /** The uniqueness of the headers that this run creates. */
  const createdHere = new Set<string>();
  let isRetired = false;

  wrapMethod(crypto, 'uniquenessForHeader', (next) => () => {
    const uniqueness = next();
    createdHere.add(uniqueness);
    return uniqueness;
  });
  if (storage) {
    wrapMethod(storage, 'load', (next) => (id, callback, done) => {
      next(id, callback, (isFound) => {
        if (isFound || isReliable()) complete.add(getOrCreateCoValue(node, id));
        done?.(isFound);
      });
    });
  }
  // Every CoValue is looked up here, including one that was unmounted and loaded again.
  wrapMethod(node, 'getCoValue', (next) => (id) => {
    const core = next(id);
    if (!followed.has(core)) follow(core);
    return core;
  });

  function follow(core: CoValueCore): void {
    followed.add(core);
    const makeTransaction = core.makeTransaction.bind(core);
    const nextTransactionID = core.nextTransactionID.bind(core);
    core.makeTransaction = (...edit) => underSessionOf(core, () => makeTransaction(...edit));
    // A group's key is sealed for the ID of the transaction that will hold it, and cannot be opened under another one.
    core.nextTransactionID = () => underSessionOf(core, nextTransactionID);
  }

  /** Set for each edit, because the listeners of an edit may make further edits. */
  function underSessionOf<T>(core: CoValueCore, run: () => T): T {
    const before = node.currentSessionID;
    Object.assign(node, { currentSessionID: !isRetired && isComplete(core) ? resumedID : spareID });
    try {
      return run();
    } finally {
      Object.assign(node, { currentSessionID: before });
    }
  }

  function isComplete(core: CoValueCore): boolean {
    if (complete.has(core)) return true;
    const uniqueness = core.verified?.header.uniqueness;
    if (typeof uniqueness !== 'string' || !createdHere.delete(uniqueness)) return false;
    complete.add(core);
    return true;
  }

  return {
    retire() {
      isRetired = true;
    },
  };
}
