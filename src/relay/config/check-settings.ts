import { readAppIDs } from './app-ids.ts';
import { checkMinAppVersion } from './app-version.ts';
import { checkNumber } from './limits.ts';
import { checkOrigins } from './origins.ts';
import type { RelayOptions } from './relay-options.ts';

/** The options that can be checked alone. Throws RELAY_SETTING_INVALID. */
export function checkSettings(options: RelayOptions): void {
  for (const [name, min, max] of ranges) {
    const value = options[name];
    if (value !== undefined) checkNumber(name, value, min, max);
  }
  if (options.minAppVersion !== undefined) checkMinAppVersion(options.minAppVersion);
  checkOrigins(options.origins);
  readAppIDs(options.appIDs);
}

const ranges = [
  ['port', 0, 65_535],
  ['metricsPort', 1, 65_535],
  ['drainMs', 0, 600_000],
  ['drainDelayMs', 0, 600_000],
  ['statementMs', 100, 600_000],
  ['diskReserveMB', 0, 1_000_000],
  ['commitLanes', 1, 32],
  ['databaseLockMs', 10, 60_000],
  ['backupDays', 0, 100_000],
] as const;
