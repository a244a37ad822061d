import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import { coValuesOf } from '../sync/private-fields.ts';

/** CoValues that a node has let go of. */
export interface WeakCoValues {
  /** How many are let go of, as far as is known. */
  readonly count: number;
  /** False where cojson needs it, and it stays. */
  letGo(core: CoValueCore): boolean;
  /** Forgets those that the browser has collected. */
  tidy(): void;
  /** Takes back those that somebody holds. */
  end(): void;
}

/**
 * Unloads CoValues so that nobody notices. An app may hold one all the time without telling: cojson would then read a second
 * one from the storage, the held one would stand still, and edits of both under one session would fork it. So a CoValue that
 * was let go of is held weakly, and is taken back by whoever looks for it while it still exists. Undefined where cojson keeps
 * its CoValues in another way.
 */
export function createWeakCoValues(node: LocalNode): WeakCoValues | undefined {
  const coValues = coValuesOf(node);
  if (!coValues) return undefined;
  const { getCoValue } = node;
  const weak = new Map<RawCoID, WeakRef<CoValueCore>>();
  /** Who has a CoValue can still read and write it, for which it needs its group. */
  const dependencies = new WeakMap<CoValueCore, readonly CoValueCore[]>();

  function takeBack(id: RawCoID): void {
    const core = weak.get(id)?.deref();
    weak.delete(id);
    if (!core) return;
    coValues?.set(id, core);
    for (const dependency of dependencies.get(core) ?? []) takeBack(dependency.id);
  }

  node.getCoValue = (id) => {
    takeBack(id);
    return getCoValue.call(node, id);
  };

  return {
    get count() {
      return weak.size;
    },
    letGo(core) {
      const { id } = core;
      if (!node.internalUnmountCoValue(id)) return false;
      dependencies.set(
        core,
        [...core.dependencies].flatMap((dependency) => coValues.get(dependency) ?? []),
      );
      weak.set(id, new WeakRef(core));
      return true;
    },
    tidy() {
      for (const [id, reference] of weak) if (!reference.deref()) weak.delete(id);
    },
    end() {
      for (const id of [...weak.keys()]) takeBack(id);
      node.getCoValue = getCoValue;
    },
  };
}
