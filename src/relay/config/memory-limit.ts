import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { checkNumber } from './limits.ts';

/** Node, the driver of the database, and garbage need the rest. */
const usedPart = 0.6;

/** Throws RELAY_SETTING_INVALID for a value out of range. */
export function readMemoryBytes(megabytes: number | undefined): number {
  if (megabytes === undefined) return defaultMemoryBytes();
  checkNumber('memoryMB', megabytes, 10, 1_000_000);
  return megabytes * 1_000_000;
}

/** 60 % of what the container, and V8 for its heap, may use. */
export function defaultMemoryBytes(
  containerBytes = process.constrainedMemory(),
  machineBytes = totalmem(),
  heapBytes = getHeapStatistics().heap_size_limit,
): number {
  // Without a limit, it is 0 or more than the machine has.
  const container = containerBytes > 0 ? Math.min(containerBytes, machineBytes) : machineBytes;
  return Math.floor(usedPart * Math.min(container, heapBytes));
}
