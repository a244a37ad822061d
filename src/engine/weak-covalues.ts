import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import { coValuesOf } from './private-fields.ts';
import { wrapMethod } from './wrap-method.ts';

/** Unloaded CoValues that the app may still hold. */
export interface WeakCoValues {
  /** The number of unloaded CoValues that, as far as is known, the browser has not collected. */
  readonly count: number;
  /** False if cojson needs the CoValue, which then stays loaded. */
  unload(core: CoValueCore): boolean;
  /** Forgets the CoValues that the browser has collected. */
  forgetCollected(): void;
  /** Takes back the CoValues that are still referenced. */
  end(): void;
}

/**
 * Unloads CoValues without the app noticing. An app may hold a CoValue without subscribing to it. After a
 * plain unload, cojson would read a second copy from storage, the held one would never change again, and
 * edits of both under one session would fork it. So an unloaded CoValue is referenced weakly, and a lookup
 * takes it back while it still exists. Undefined if cojson keeps its CoValues elsewhere.
 */
export function createWeakCoValues(node: LocalNode): WeakCoValues | undefined {
  const coValues = coValuesOf(node);
  if (!coValues) return undefined;
  const weak = new Map<RawCoID, WeakRef<CoValueCore>>();
  /** The CoValues needed to read and write a held CoValue, such as its group. */
  const dependencies = new WeakMap<CoValueCore, readonly CoValueCore[]>();

  function takeBack(id: RawCoID): void {
    const core = weak.get(id)?.deref();
    weak.delete(id);
    if (!core) return;
    coValues?.set(id, core);
    for (const dependency of dependencies.get(core) ?? []) takeBack(dependency.id);
  }

  const endLookups = wrapMethod(node, 'getCoValue', (next) => (id) => {
    takeBack(id);
    return next(id);
  });

  return {
    get count() {
      return weak.size;
    },
    unload(core) {
      const { id } = core;
      if (!node.internalUnmountCoValue(id)) return false;
      dependencies.set(
        core,
        [...core.dependencies].flatMap((dependency) => coValues.get(dependency) ?? []),
      );
      weak.set(id, new WeakRef(core));
      return true;
    },
    forgetCollected() {
      for (const [id, reference] of weak) if (!reference.deref()) weak.delete(id);
    },
    end() {
      for (const id of [...weak.keys()]) takeBack(id);
      endLookups();
    },
  };
}
