import { busy } from './refusal.ts';

/** Limits how many requests are worked on, wait for that, or are answered at once: in the relay, and of each address. */
export interface Places {
  /** Throws a `StatelessRefusal` if there are too many. */
  check(address: string): void;
  /** Counts a request until `leave`. Throws as `check` does. */
  enter(address: string): Place;
}

export interface Place {
  /** Runs the task once it is its turn. */
  run<T>(task: () => Promise<T>): Promise<T>;
  leave(): void;
}

const maxRunning = 4;
/** An address leaves room for the others. */
const maxRunningPerAddress = 2;
const maxEntered = 256;
const maxEnteredPerAddress = 32;

export function createPlaces(): Places {
  const entered = new Map<string, number>();
  const running = new Map<string, number>();
  const waiting: { readonly address: string; readonly begin: () => void }[] = [];
  let enteredCount = 0;
  let runningCount = 0;

  const hasRoom = (address: string) =>
    runningCount < maxRunning && (running.get(address) ?? 0) < maxRunningPerAddress;

  function begin(address: string): void {
    runningCount++;
    add(running, address, 1);
  }

  function end(address: string): void {
    runningCount--;
    add(running, address, -1);
    const index = waiting.findIndex((one) => hasRoom(one.address));
    const [next] = index < 0 ? [] : waiting.splice(index, 1);
    if (!next) return;
    begin(next.address);
    next.begin();
  }

  function check(address: string): void {
    if (enteredCount >= maxEntered) throw busy('The relay has too much to do.');
    if ((entered.get(address) ?? 0) >= maxEnteredPerAddress)
      throw busy(`This address is at its limit of ${maxEnteredPerAddress} requests at once.`);
  }

  return {
    check,
    enter(address) {
      check(address);
      enteredCount++;
      add(entered, address, 1);
      return {
        async run(task) {
          if (hasRoom(address)) begin(address);
          else await new Promise<void>((resolve) => waiting.push({ address, begin: resolve }));
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
