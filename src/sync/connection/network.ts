import type { Page } from '../../platform/platform.ts';
import { isLoopback } from './sync-url.ts';

/** A relay on this machine is reachable without a network, for example while developing on a train. */
export function mayReach({ isOnline }: Page, urls: readonly URL[]): boolean {
  return isOnline || urls.some(({ hostname }) => isLoopback(hostname));
}
