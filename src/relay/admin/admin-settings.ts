import { createKernelError } from '../../base/kernel-error.ts';
import { checkNumber } from '../config/limits.ts';
import type { RelayOptions } from '../config/relay-options.ts';

export interface AdminSettings {
  readonly port: number;
  readonly tokenFile: string;
}

type Settings = Pick<RelayOptions, 'adminPort' | 'adminTokenFile' | 'port' | 'metricsPort' | 'server'>;

/** Undefined without `adminPort`. Throws RELAY_SETTING_INVALID. */
export function readAdminSettings(options: Settings): AdminSettings | undefined {
  const { adminPort, adminTokenFile, metricsPort, server } = options;
  if (adminPort === undefined) return undefined;
  checkNumber('adminPort', adminPort, 1, 65_535);
  if (adminPort === metricsPort || (adminPort === options.port && !server))
    throw invalid(
      `The admin API cannot have port ${adminPort}, on which the relay serves others. Choose another port for it (ADMIN_PORT).`,
    );
  if (adminTokenFile === undefined)
    throw invalid(
      'The admin API (ADMIN_PORT) needs a file for its token. Set ADMIN_TOKEN_FILE; the relay creates the file if it is missing.',
    );
  return { port: adminPort, tokenFile: adminTokenFile };
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
