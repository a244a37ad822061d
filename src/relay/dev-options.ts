import { readCommand, type Environment } from './cli/settings.ts';
import type { RelayOptions } from './config/relay-options.ts';

/**
 * The options of a dev server’s relay: those given, then those in SYNC_MAIA_… and DB_PATH. The command’s other variables, such as
 * PORT, may be meant for the app; DATABASE_URL counts if SYNC_MAIA_STORAGE is postgres. Throws RELAY_SETTING_INVALID, whose message
 * names the setting.
 */
export function readDevOptions(environment: Environment, given: RelayOptions): RelayOptions {
  const places = ['SYNC_MAIA_STORAGE', 'DB_PATH', 'DATABASE_URL'];
  const isMeant = (name: string) => {
    if (places.includes(name) && given.storage !== undefined) return false;
    if (name === 'DATABASE_URL') return environment['SYNC_MAIA_STORAGE'] === 'postgres';
    return name === 'DB_PATH' || name.startsWith('SYNC_MAIA_');
  };
  const read = Object.entries(environment).filter(([name]) => isMeant(name));
  const command = readCommand(['start'], Object.fromEntries(read));
  return { ...(command.kind === 'start' && command.options), ...given };
}
