import { readBusPlace } from '../bus/bus-place.ts';
import { checkSettings } from '../config/check-settings.ts';
import type { RelayOptions } from '../config/relay-options.ts';
import { readAgent } from '../config/agent-identity.ts';
import { readStoragePlace } from '../database/storage-place.ts';
import { checkAccess } from './check-access.ts';
import { checkAdmin } from './check-admin.ts';
import { checkClock } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkDirectory } from './check-directory.ts';
import { checkPGlite } from './check-pglite.ts';
import { checkSignIn } from './check-sign-in.ts';
import { checkOtherPorts, checkPort, otherRelay } from './check-port.ts';
import { checkState } from './check-state.ts';
import type { Finding } from './finding.ts';

/** Runs all checks and leaves nothing behind. Throws RELAY_SETTING_INVALID if the options are invalid. */
export async function examine(
  options: RelayOptions & { readonly storage: string },
): Promise<readonly Finding[]> {
  checkSettings(options);
  const place = readStoragePlace(options.storage);
  readBusPlace(options.bus ?? 'postgres', place.kind);
  if (options.agent) await readAgent(options.agent);
  const { host = '127.0.0.1', port: number = 4203 } = options;
  const port = await checkPort(host, number);
  const otherPorts = await checkOtherPorts(options, port.isOurs);
  const access = checkAccess(options, process.env.NODE_ENV === 'production');
  const signIn = await checkSignIn(options);
  const admin = await checkAdmin(options);
  const state = await checkState(place, options.stateDirectory);
  const missing = checkPGlite(place);
  if (place.kind !== 'pglite') {
    const database = missing.length > 0 ? { findings: missing } : await checkDatabase(place);
    return [
      port.finding,
      ...otherPorts,
      ...access,
      ...signIn,
      ...admin,
      ...state,
      ...database.findings,
      checkClock(database),
    ];
  }
  const directory = await checkDirectory(place.directory, port.isOurs, options.diskReserveMB);
  const database = directory.isFree && missing.length === 0 ? await checkDatabase(place) : undefined;
  return [
    port.isOurs && directory.isUnused ? otherRelay(host, number, place.directory) : port.finding,
    ...otherPorts,
    ...access,
    ...signIn,
    ...admin,
    ...directory.findings,
    ...state,
    ...(database?.findings ?? missing),
    checkClock(directory),
  ];
}

export function describeFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ isWrong, subject, text }) => `${isWrong ? 'wrong' : 'ok'}`.padEnd(7) + subject.padEnd(11) + text)
    .join('\n');
}
