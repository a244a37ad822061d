import type { KernelError } from '../../base/kernel-error.ts';
import { checkEdits, type SessionMapLayer } from './session-maps.ts';

/** While closed, an edit throws in the call that makes it and changes nothing. */
export interface WriteGate {
  /** Closes the gate until the returned function is called. If several callers close it, edits throw the latest reason. */
  refuse(reason: () => KernelError): () => void;
}

/** Stops writes of an ended session, which would be lost with the page. Every write must be signed, so it gates signing. */
export function createWriteGate(): WriteGate & { readonly layer: SessionMapLayer } {
  const refusals: { readonly reason: () => KernelError }[] = [];

  function throwIfClosed(): void {
    const refusal = refusals.at(-1);
    if (refusal) throw refusal.reason();
  }

  return {
    refuse(reason) {
      const refusal = { reason };
      refusals.push(refusal);
      return () => {
        const index = refusals.indexOf(refusal);
        if (index >= 0) refusals.splice(index, 1);
      };
    },
    layer: (createBelow) => checkEdits(createBelow(), throwIfClosed),
  };
}
