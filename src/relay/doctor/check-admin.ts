import { isKernelError } from '../../base/kernel-error.ts';
import { readAdminSettings } from '../admin/admin-settings.ts';
import { findAdminToken } from '../admin/admin-token.ts';
import type { RelayOptions } from '../config/relay-options.ts';
import { fine, wrong, type Finding } from './finding.ts';

/** Reports on the token of the admin API; nothing if that is off. */
export async function checkAdmin(options: RelayOptions): Promise<readonly Finding[]> {
  try {
    const admin = readAdminSettings({ ...options, port: options.port ?? 4203 });
    if (!admin) return [];
    const token = await findAdminToken(admin.tokenFile);
    const what =
      token === undefined ? 'does not exist yet. The start creates it' : 'has the token of the admin API';
    return [fine('admin', `${admin.tokenFile} ${what}.`)];
  } catch (error) {
    if (isKernelError(error)) return [wrong('admin', error.message)];
    throw error;
  }
}
