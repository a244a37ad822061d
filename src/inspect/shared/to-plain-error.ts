import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { PlainError } from '../snapshot/plain-error.ts';

export function toPlainError(error: KernelError): PlainError {
  const byFaultPlan = isKernelError(error, 'RELAY_UNREACHABLE') && error.details.byFaultPlan;
  const lacksAppVersion = isKernelError(error, 'APP_OUTDATED') && error.details.have === undefined;
  const needsOtherAuth = isKernelError(error, 'RELAY_UNAUTHORIZED') && error.details.needsOtherAuth;
  const isReading = isKernelError(error, 'STORAGE_WRITE_FAILED') && error.details.isReading;
  return {
    code: error.code,
    message: error.message,
    ...(byFaultPlan && { byFaultPlan }),
    ...(needsOtherAuth && { needsOtherAuth }),
    ...(isReading && { isReading }),
    ...(lacksAppVersion && { lacksAppVersion }),
  };
}
