import type { RelayOptions } from '../config/relay-options.ts';
import { readAgent } from '../config/agent-identity.ts';
import { readStoragePlace } from '../database/storage-place.ts';
import { checkAccess } from './check-access.ts';
import { checkAdmin } from './check-admin.ts';
import { checkClock } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkDirectory } from './check-directory.ts';
import { checkSignIn } from './check-sign-in.ts';
import { checkPort } from './check-port.ts';
import { checkState } from './check-state.ts';
import type { Finding } from './finding.ts';

/** Runs all checks and leaves nothing behind. Throws RELAY_SETTING_INVALID if the options are invalid. */
export async function examine(
  options: RelayOptions & { readonly storage: string },
): Promise<readonly Finding[]> {
  const place = readStoragePlace(options.storage);
  if (options.agent) await readAgent(options.agent);
  const port = await checkPort(options.host ?? '127.0.0.1', options.port ?? 4203);
  const access = checkAccess(options, process.env.NODE_ENV === 'production');
  const signIn = await checkSignIn(options);
  const admin = await checkAdmin(options);
  const state = await checkState(place, options.stateDirectory);
  if (place.kind !== 'pglite') {
    const database = await checkDatabase(place);
    return [
      port.finding,
      ...access,
      ...signIn,
      ...admin,
      ...state,
      ...database.findings,
      checkClock(database),
    ];
  }
  const directory = await checkDirectory(place.directory, port.isOurs, options.diskReserveMB);
  const database = directory.isFree ? await checkDatabase(place) : undefined;
  return [
    port.finding,
    ...access,
    ...signIn,
    ...admin,
    ...directory.findings,
    ...state,
    ...(database?.findings ?? []),
    checkClock(directory),
  ];
}

export function describeFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ isWrong, subject, text }) => `${isWrong ? 'wrong' : 'ok'}`.padEnd(7) + subject.padEnd(11) + text)
    .join('\n');
}
