import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Database } from '../../../src/relay/database/database.ts';
import type { Relay, RelayOptions } from '../../../src/relay/index.ts';
import { freePort } from './free-port.ts';
import { createDirectory } from './temporary-storage.ts';
import { openRelay } from './test-relay.ts';

export interface AdministeredRelay {
  readonly relay: Relay;
  readonly adminUrl: string;
  readonly tokenFile: string;
  readonly token: string;
  /** Resolves with the answer to an act that succeeds. */
  act(name: string, fields?: object): Promise<Record<string, unknown>>;
}

/** A relay with an admin API, in memory by default. Closed after the test. */
export async function startAdministeredRelay(
  options: RelayOptions = {},
  change?: (database: Database) => Database,
): Promise<AdministeredRelay> {
  const administered = await openAdministeredRelay(options, change);
  onTestFinished(administered.relay.close);
  return administered;
}

/** Like `startAdministeredRelay`, for a whole file: the caller closes it. */
export async function openAdministeredRelay(
  options: RelayOptions = {},
  change?: (database: Database) => Database,
): Promise<AdministeredRelay> {
  const adminPort = await freePort();
  const adminTokenFile = join(await createDirectory(), 'admin-token');
  const relay = await openRelay({ storage: 'memory:', ...options, adminPort, adminTokenFile }, change);
  const adminUrl = `http://127.0.0.1:${adminPort}/admin`;
  const token = (await readFile(adminTokenFile, 'utf8')).trim();
  return {
    relay,
    adminUrl,
    tokenFile: adminTokenFile,
    token,
    async act(name, fields = {}) {
      const response = await fetch(`${adminUrl}/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(fields),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      expect({ status: response.status, answer }).toEqual({ status: 200, answer });
      return answer;
    },
  };
}
