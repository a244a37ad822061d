import type { RelayOptions } from '../config/relay-options.ts';
import { readAgent } from '../config/agent-identity.ts';
import { readStoragePlace } from '../database/storage-place.ts';
import { checkClock } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkDirectory } from './check-directory.ts';
import { checkPort } from './check-port.ts';
import type { Finding } from './finding.ts';

/** Runs all checks and leaves nothing behind. Throws RELAY_SETTING_INVALID if the options are invalid. */
export async function examine(
  options: RelayOptions & { readonly storage: string },
): Promise<readonly Finding[]> {
  const place = readStoragePlace(options.storage);
  if (options.agent) await readAgent(options.agent);
  const port = await checkPort(options.host ?? '127.0.0.1', options.port ?? 4203);
  if (place.kind !== 'pglite') {
    const database = await checkDatabase(place);
    return [port.finding, ...database.findings, checkClock(database)];
  }
  const directory = await checkDirectory(place.directory, port.isOurs);
  const database = directory.isFree ? await checkDatabase(place) : undefined;
  return [port.finding, ...directory.findings, ...(database?.findings ?? []), checkClock(directory)];
}

export function describeFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ isWrong, subject, text }) => `${isWrong ? 'wrong' : 'ok'}`.padEnd(7) + subject.padEnd(11) + text)
    .join('\n');
}
