import { isKernelError } from '../../base/kernel-error.ts';
import { checkExposure } from '../config/exposure.ts';
import type { RelayOptions } from '../config/relay-options.ts';
import { fine, wrong, type Finding } from './finding.ts';

/** Reports whom the relay would serve without a setting that says so. Only in production, this prevents a start. */
export function checkAccess(options: RelayOptions, isProduction: boolean): readonly Finding[] {
  try {
    const warnings = checkExposure(options, isProduction);
    if (warnings.length > 0) return warnings.map((text) => fine('access', text));
    const { origins = [], open = false, auth } = options;
    if (origins.length === 0 && !open && !auth)
      return [
        fine(
          'access',
          'No setting says who may use the relay. Only programs on this machine reach it, unless a proxy passes others on: then anyone may use it. If there is a proxy, set CORS_ORIGINS or a way to sign in.',
        ),
      ];
    return [fine('access', 'The settings say who may use the relay.')];
  } catch (error) {
    if (isKernelError(error)) return [wrong('access', error.message)];
    throw error;
  }
}
