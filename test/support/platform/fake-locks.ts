import type { Locks } from '../../../src/platform/platform.ts';

/** One origin's Web Locks in memory, granted in the order of requests. */
export interface FakeLocks extends Locks {
  readonly held: readonly string[];
  /** Names of locks with waiting requests. */
  readonly waiting: readonly string[];
  /** Takes a lock from its holder, whose request rejects. */
  rob(name: string): void;
}

export function createFakeLocks(): FakeLocks {
  /** Per lock, a function that takes it from its holder. */
  const holders = new Map<string, (error: Error) => void>();
  const waiting = new Map<string, (() => void)[]>();

  function take(name: string): void {
    holders.set(name, () => {});
  }

  function passOn(name: string): void {
    holders.delete(name);
    waiting.get(name)?.shift()?.();
  }

  function turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    if (!holders.has(name)) return Promise.resolve(take(name));
    return new Promise((resolve, reject) => {
      const queue = waiting.get(name) ?? [];
      waiting.set(name, queue);
      const begin = () => resolve(take(name));
      queue.push(begin);
      signal?.addEventListener('abort', () => {
        const index = queue.indexOf(begin);
        if (index >= 0) queue.splice(index, 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }

  return {
    get held() {
      return [...holders.keys()].toSorted();
    },
    get waiting() {
      return [...waiting].flatMap(([name, queue]) => (queue.length > 0 ? name : []));
    },
    rob(name) {
      holders.get(name)?.(new DOMException('stolen', 'AbortError'));
    },
    query: () => Promise.resolve({ held: [...holders.keys()].map((name) => ({ name })) }),
    async request(name, { ifAvailable, signal }, run) {
      if (ifAvailable && holders.has(name)) return run(null);
      await turn(name, signal);
      try {
        return await new Promise((resolve, reject) => {
          holders.set(name, reject);
          run({}).then(resolve, reject);
        });
      } finally {
        passOn(name);
      }
    },
  };
}
