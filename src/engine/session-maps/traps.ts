import type { SessionMapLayer } from './session-maps.ts';

/**
 * Reports a failure of WebAssembly itself, such as exhausted memory. cojson treats every error as a false signature, but this
 * one is not about the transactions, and nothing can be checked any more.
 */
export function reportTraps(onTrap: (error: Error) => void): SessionMapLayer {
  function reporting<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) onTrap(error);
      throw error;
    }
  }

  return (createBelow) => {
    const map = reporting(createBelow);
    const addTransactions = map.addTransactions.bind(map);
    map.addTransactions = (...transactions) => reporting(() => addTransactions(...transactions));
    return map;
  };
}
