import { expect } from 'vitest';
import { spawnRelayWith, type RelayProcess } from '../support/relay/relay-process.ts';
import { until } from '../support/until.ts';

/** Relay processes. Clients get the addresses of those that are admitted. */
export interface RelayFleet {
  /** The duration of each start until the relay answered. */
  readonly startsMs: readonly number[];
  /** Starts the relay of this index. Clients get its address only after `admit`. */
  start(index: number): Promise<string>;
  admit(index: number): void;
  /** Clients get its address no more; those that are connected stay. */
  withdraw(index: number): void;
  /** Kills the relay with SIGKILL and withdraws its address. */
  kill(index: number): Promise<void>;
  /** Freezes the relay with SIGSTOP until SIGCONT. */
  freeze(index: number): void;
  thaw(index: number): void;
  /** Waits until the relay ends. Returns its exit code and what it printed as errors. */
  end(index: number): Promise<{ readonly code: number | null; readonly errors: string }>;
  /** Resolves once each relay receives again what it sends over the bus. */
  untilHearing(): Promise<void>;
  /** `false` blocks new connections until `true` allows them again; open ones continue. */
  setOpen(isOpen: boolean): void;
  /** The next address in turn; undefined without an admitted relay. */
  nextUrl(): string | undefined;
}

export function createRelayFleet(
  script: string,
  storage: string,
  environment: Readonly<Record<string, string>> = {},
): RelayFleet {
  const relays = new Map<number, { process: RelayProcess; url: string }>();
  const admitted = new Set<number>();
  const startsMs: number[] = [];
  let isOpen = true;
  let turn = 0;

  function processOf(index: number): RelayProcess {
    const relay = relays.get(index);
    if (!relay) throw new Error(`Relay ${index} is not running.`);
    return relay.process;
  }

  function remove(index: number): RelayProcess {
    const process = processOf(index);
    admitted.delete(index);
    relays.delete(index);
    return process;
  }

  return {
    startsMs,
    async start(index) {
      const startedAtMs = performance.now();
      const process = spawnRelayWith(environment, script, '--port=0', `--storage=${storage}`);
      const url = await process.url;
      startsMs.push(performance.now() - startedAtMs);
      relays.set(index, { process, url });
      return url;
    },
    admit: (index) => void admitted.add(index),
    withdraw: (index) => void admitted.delete(index),
    async kill(index) {
      const process = remove(index);
      process.kill('SIGKILL');
      const { signal } = await process.ended;
      // A relay that ended before its kill has crashed.
      if (signal !== 'SIGKILL') throw new Error(`Relay ${index} ended by itself. ${process.printed.errors}`);
    },
    freeze: (index) => processOf(index).kill('SIGSTOP'),
    thaw: (index) => processOf(index).kill('SIGCONT'),
    async end(index) {
      const { ended, printed } = remove(index);
      const { code } = await ended;
      return { code, errors: printed.errors };
    },
    async untilHearing() {
      const startedAtMs = performance.now();
      await Promise.all(
        [...relays.values()].map(({ url }) =>
          until(async () => {
            const { busHeardMs } = (await (await fetch(`${url}/health`)).json()) as { busHeardMs: number };
            expect(busHeardMs).toBeLessThan(performance.now() - startedAtMs);
          }),
        ),
      );
    },
    setOpen(value) {
      isOpen = value;
    },
    nextUrl() {
      const urls = [...admitted].sort().map((index) => relays.get(index)?.url);
      return isOpen ? urls[turn++ % urls.length] : undefined;
    },
  };
}
