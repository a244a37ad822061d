import { need } from './need.ts';
import {
  isEqual,
  slotsOf,
  type Channel,
  type Counts,
  type Logs,
  type Slot,
  type Tab,
  type Up,
} from './world.ts';

export const content = (slot: Slot, log: string): Up => ({ is: 'content', slot, log });

/** A message that waits already is not repeated. */
export function send(channel: Channel, message: Up, isFirst = false): void {
  if (channel.up.some((waiting) => isEqual(waiting, message))) return;
  if (isFirst) channel.up.unshift(message);
  else channel.up.push(message);
}

export function sendToAll(tab: Tab, message: Up): void {
  for (const channel of tab.channels) if (channel && channel.generation > 0) send(channel, message);
}

export function countsOf(logs: Logs, coValue: string): Counts {
  return Object.fromEntries(slotsOf(logs, coValue).map((slot) => [slot, need(logs[slot]).length]));
}
