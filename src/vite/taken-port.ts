import { createKernelError, type KernelError } from '../base/kernel-error.ts';

/** Says of a taken port when it is a relay that has it, such as the one of another dev server; else gives the error back. */
export async function explainTakenPort(error: KernelError, origin: string): Promise<KernelError> {
  const version = await askRelayVersion(origin);
  if (version === undefined) return error;
  return createKernelError(
    'RELAY_PORT_TAKEN',
    `A relay (version ${version}) runs already on ${origin}, perhaps for another dev server. End that one, choose another port for this one, or share it with maiaKernel({ relay: false }).`,
    { cause: error },
  );
}

/** Undefined where what answers, if anything, is no relay of ours. */
async function askRelayVersion(origin: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(1_000) });
    const health: unknown = await response.json();
    return isHealth(health) ? health.version : undefined;
  } catch {
    return undefined; // Not HTTP, not JSON or silent: another program.
  }
}

function isHealth(value: unknown): value is { readonly version: string } {
  if (typeof value !== 'object' || value === null) return false;
  return 'ready' in value && 'version' in value && typeof value.version === 'string';
}
