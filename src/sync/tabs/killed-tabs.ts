import type { Clock } from '../../base/clock.ts';
import { tabOf, type OtherTabs } from './other-tabs.ts';
import type { TabsSetup } from './tabs-options.ts';

/** Notices killed tabs, which post nothing, by the Web Locks that they no longer hold. */
export interface KilledTabs {
  /** Something is left to another tab. Locks are read while this is called about once a second. */
  watch(): void;
  /** A tab has come. Only a tab whose lock was read can be missed: some session IDs need none. */
  appeared(): void;
  close(): void;
}

const readEveryMs = 500;
const idleMs = 1_500;

export function watchKilledTabs(options: {
  readonly clock: Clock;
  readonly others: Pick<OtherTabs, 'present' | 'gone'>;
  readonly heldSessionIDs: TabsSetup['heldSessionIDs'];
  readonly onKilled: () => void;
}): KilledTabs {
  const { clock, others, heldSessionIDs, onKilled } = options;
  /** The tabs that were seen with a lock. */
  const holders = new Set<string>();
  let neededAtMs = 0;
  let isReading = false;
  let isClosed = false;
  let cancel = () => {};

  async function read(): Promise<void> {
    // Where locks cannot be read, the leases end by time.
    const held = await heldSessionIDs?.().catch(() => undefined);
    if (!isClosed) compare(held ?? []);
  }

  async function readOn(): Promise<void> {
    await read();
    if (isClosed) return;
    cancel = clock.after(readEveryMs, () => {
      if (clock.elapsedMs() - neededAtMs < idleMs) return void readOn();
      isReading = false;
    });
  }

  function compare(held: readonly string[]): void {
    const now = new Set(held.map(tabOf));
    if (now.size === 0) return;
    const killed = [...others.present].filter((tab) => !now.has(tab) && holders.delete(tab));
    for (const tab of now) holders.add(tab);
    for (const tab of killed) others.gone(tab);
    if (killed.length > 0) onKilled();
  }

  return {
    watch() {
      neededAtMs = clock.elapsedMs();
      if (isReading || !heldSessionIDs) return;
      isReading = true;
      void readOn();
    },
    appeared: () => void read(),
    close() {
      isClosed = true;
      cancel();
    },
  };
}
