import type { Genesis } from '../../src/session/account/genesis.ts';
import type { PageEvent } from '../../src/platform/platform.ts';
import { createDeviceDisk } from './device-disk.ts';
import type { SimDevice, SimTab } from './world.ts';

export function createSimDevice(
  name: string,
  genesis: Genesis,
  { maxTabs, channels, locks, sessionIDs }: Pick<SimDevice, 'maxTabs' | 'channels' | 'locks' | 'sessionIDs'>,
  copied?: Pick<SimDevice, 'disk' | 'relays'>,
): SimDevice {
  const relays: SimDevice['relays'] = new Map(copied?.relays);
  const tabs: SimTab[] = [];
  const listeners = new Map<PageEvent, Set<() => void>>();
  let isOnline = true;
  return {
    name,
    genesis,
    disk: copied?.disk.copy(relays) ?? createDeviceDisk(relays),
    relays,
    tabs,
    maxTabs,
    clockErrorMs: 0,
    channels,
    locks,
    sessionIDs,
    starting: 0,
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
