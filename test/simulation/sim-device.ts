import type { Genesis } from '../../src/session/account/genesis.ts';
import type { PageEvent } from '../../src/platform/platform.ts';
import type { RememberedRelay } from '../../src/storage/relay-memory.ts';
import { createDeviceDisk, type DeviceDisk } from './device-disk.ts';
import type { SimTab } from './sim-tab.ts';
import type { TabChannels } from './tab-channels.ts';

/** One person's device: what it keeps, and the tabs that are open on it. */
export interface SimDevice {
  readonly name: string;
  readonly genesis: Genesis;
  readonly disk: DeviceDisk;
  /** What its tabs wrote down of relays. */
  readonly relays: Map<string, RememberedRelay>;
  readonly tabs: readonly SimTab[];
  readonly mostTabs: number;
  /** By which its tabs hear of each other; undefined where they do not. */
  readonly channels: TabChannels | undefined;
  readonly isOnline: boolean;
  add(tab: SimTab): void;
  remove(tab: SimTab): void;
  /** The network comes or goes, and the browser notices. */
  setOnline(isOnline: boolean): void;
  onPage(event: PageEvent, listener: () => void): () => void;
}

export function createSimDevice(
  name: string,
  genesis: Genesis,
  { mostTabs, channels }: Pick<SimDevice, 'mostTabs' | 'channels'>,
): SimDevice {
  const tabs: SimTab[] = [];
  const listeners = new Map<PageEvent, Set<() => void>>();
  let isOnline = true;
  return {
    name,
    genesis,
    disk: createDeviceDisk(),
    relays: new Map(),
    tabs,
    mostTabs,
    channels,
    get isOnline() {
      return isOnline;
    },
    add: (tab) => void tabs.push(tab),
    remove: (tab) => void tabs.splice(tabs.indexOf(tab), 1),
    setOnline(next) {
      isOnline = next;
      for (const listener of [...(listeners.get(next ? 'online' : 'offline') ?? [])]) listener();
    },
    onPage(event, listener) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener));
      return () => void all.delete(listener);
    },
  };
}
