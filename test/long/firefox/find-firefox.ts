import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** `MAIA_FIREFOX`, else Debian's Firefox, else another one on the path. Undefined if there is none. */
export function findFirefox(): string | undefined {
  const configured = process.env['MAIA_FIREFOX'];
  if (configured !== undefined && configured !== '') {
    if (!isExecutable(configured))
      throw new Error(`MAIA_FIREFOX is ${configured}, which is not an executable program.`);
    return configured;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return ['firefox-esr', 'firefox']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isExecutable);
}

/** Why the tests in Firefox are skipped, as part of their title. */
export const howToInstall =
  ', skipped: Firefox is missing; run `apt-get install firefox-esr`, or set MAIA_FIREFOX to its path';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
