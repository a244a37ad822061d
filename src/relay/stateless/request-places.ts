import { busy } from './refusal.ts';

/** Limits how many requests are worked on at once, or wait for that: in the relay, and of each address. */
export interface Places {
  /** Throws a `StatelessRefusal` if there are too many. */
  check(address: string): void;
  /** Counts a request until `leave`. Throws as `check` does. */
  enter(address: string, signal: AbortSignal): Place;
}

export interface Place {
  /** Runs the task once it is its turn. Rejects with the reason of the signal if that is aborted before. */
  run<T>(task: () => Promise<T>): Promise<T>;
  leave(): void;
}

/** More of them could take all the memory. */
const maxRunning = 4;
/** So many of these are for addresses of which nothing runs yet. */
const keptForOthers = 2;
/** Of all addresses. */
const maxRequests = 256;

export function createPlaces(perAddress: number): Places {
  const entered = new Map<string, number>();
  const running = new Map<string, number>();
  /** By address, in the order of their turns. */
  const waiting = new Map<string, Set<() => void>>();
  let enteredCount = 0;
  let runningCount = 0;

  const hasRoom = (address: string) => runningCount < maxRunning - (running.has(address) ? keptForOthers : 0);

  function begin(address: string): void {
    runningCount++;
    add(running, address, 1);
  }

  function end(address: string): void {
    runningCount--;
    add(running, address, -1);
    const addresses = [...waiting.keys()];
    const next = addresses.find((one) => !running.has(one)) ?? addresses.find(hasRoom);
    const [beginNext] = (next !== undefined && waiting.get(next)) || [];
    beginNext?.();
  }

  function turn(address: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const ofAddress = waiting.get(address) ?? new Set();
      waiting.set(address, ofAddress.add(beginNow));
      signal.addEventListener('abort', abort);

      function leaveQueue(): void {
        signal.removeEventListener('abort', abort);
        ofAddress.delete(beginNow);
        if (ofAddress.size === 0) waiting.delete(address);
      }

      function beginNow(): void {
        waiting.delete(address);
        waiting.set(address, ofAddress);
        leaveQueue();
        begin(address);
        resolve();
      }

      function abort(): void {
        leaveQueue();
        reject(signal.reason as Error);
      }
    });
  }

  function check(address: string): void {
    if (enteredCount >= maxRequests) throw busy('The relay has too much to do.');
    if ((entered.get(address) ?? 0) >= perAddress)
      throw busy(`This address is at its limit of ${perAddress} requests at once.`);
  }

  return {
    check,
    enter(address, signal) {
      check(address);
      enteredCount++;
      add(entered, address, 1);
      return {
        async run(task) {
          signal.throwIfAborted();
          if (hasRoom(address)) begin(address);
          else await turn(address, signal);
          try {
            return await task();
          } finally {
            end(address);
          }
        },
        leave() {
          enteredCount--;
          add(entered, address, -1);
        },
      };
    },
  };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}
