import type { CryptoProvider } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';

/** Whether this session may still write. Closed, an edit throws in the very call that makes it, and nothing of it comes to be. */
export interface EditGate {
  /** Refuses edits with this error until the returned function is called. Of several refusals the latest is told. */
  refuse(reason: () => KernelError): () => void;
}

/**
 * A node whose session has ended still takes edits, keeps them in memory, and loses them with the page. Nothing can be
 * written that is not signed, so this stands where transactions are made, for every CoValue that this provider opens.
 */
export function gateEdits(crypto: CryptoProvider): EditGate {
  const refusals: (() => KernelError)[] = [];
  const createSessionMap = crypto.createSessionMap.bind(crypto);

  function throwIfRefused(): void {
    const refusal = refusals.at(-1);
    if (refusal) throw refusal();
  }

  crypto.createSessionMap = (...args) => {
    const map = createSessionMap(...args);
    const makePrivate = map.makeNewPrivateTransaction.bind(map);
    const makeTrusting = map.makeNewTrustingTransaction.bind(map);
    map.makeNewPrivateTransaction = (...edit) => {
      throwIfRefused();
      return makePrivate(...edit);
    };
    map.makeNewTrustingTransaction = (...edit) => {
      throwIfRefused();
      return makeTrusting(...edit);
    };
    return map;
  };

  return {
    refuse(reason) {
      const own = () => reason();
      refusals.push(own);
      return () => {
        const index = refusals.indexOf(own);
        if (index >= 0) refusals.splice(index, 1);
      };
    },
  };
}
