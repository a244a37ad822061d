import { createKernelError } from '../../base/kernel-error.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import type { RelayLimits } from './relay-options.ts';

const defaults: RelayLimits = {
  messageBytes: 10_000_000,
  bytesPerSecond: 20_000_000,
  openLoads: 1_000,
  subscribed: 50_000,
  unreadBytes: 64_000_000,
  connections: 10_000,
  connectionsPerAddress: 2_000,
  newConnectionsPerMinute: 10_000,
  requestsPerAddress: 32,
  failedSignInsPerMinute: 100,
  lookupsPerMinute: 30,
  firstFrameMs: 30_000,
  authMs: 10_000,
};

const ranges: Readonly<Record<keyof RelayLimits, readonly [min: number, max: number]>> = {
  messageBytes: [1_000, 500_000_000],
  bytesPerSecond: [1_000, 1_000_000_000],
  openLoads: [1, 1_000_000],
  subscribed: [1, 10_000_000],
  unreadBytes: [10_000, 1_000_000_000],
  connections: [1, 1_000_000],
  connectionsPerAddress: [1, 1_000_000],
  newConnectionsPerMinute: [1, 10_000_000],
  requestsPerAddress: [1, 256],
  failedSignInsPerMinute: [1, 1_000_000],
  lookupsPerMinute: [1, 1_000_000],
  firstFrameMs: [100, 600_000],
  authMs: [100, 600_000],
};

export const limitNames = Object.keys(ranges) as readonly (keyof RelayLimits)[];

/** Adds the defaults. Throws RELAY_SETTING_INVALID for a value out of range. */
export function readLimits(given: Partial<RelayLimits> = {}): RelayLimits {
  const limits = { ...defaults, ...given };
  for (const [name, [min, max]] of Object.entries(ranges)) {
    checkNumber(`limits.${name}`, limits[name as keyof RelayLimits], min, max);
  }
  return limits;
}

/** Stock clients join thousands of messages into one frame, so a frame may be longer than the message limit. */
export function maxFrameBytes({ messageBytes }: RelayLimits): number {
  return 4 * messageBytes;
}

/** The limits that `hello` announces, because clients can observe them. */
export function limitsForClients({
  messageBytes,
  bytesPerSecond,
  openLoads,
  subscribed,
  unreadBytes,
}: RelayLimits): HelloFrame['limits'] {
  return { messageBytes, bytesPerSecond, openLoads, subscribed, unreadBytes };
}

/** Throws RELAY_SETTING_INVALID. */
export function checkNumber(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    `The relay's setting ${name} is ${String(value)}; expected an integer from ${min} to ${max}.`,
  );
}
