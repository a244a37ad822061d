import { createKernelError, type KernelError } from '../base/kernel-error.ts';

/** Explains a taken port if a relay uses it, such as that of another dev server; otherwise returns the error unchanged. */
export async function explainTakenPort(error: KernelError, origin: string): Promise<KernelError> {
  const version = await askRelayVersion(origin);
  if (version === undefined) return error;
  return createKernelError(
    'RELAY_PORT_TAKEN',
    `A relay (version ${version}) is already running on ${origin}, perhaps for another dev server. Stop that relay, choose another port for this one, or use the running relay by passing relay: false and proxyTarget: '${origin}' to maiaKernel().`,
    { cause: error },
  );
}

/** Undefined if the program on the port is not a Maia relay. */
async function askRelayVersion(origin: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(1_000) });
    const health: unknown = await response.json();
    return isHealth(health) ? health.version : undefined;
  } catch {
    return undefined; // No HTTP, no JSON or no response: another program.
  }
}

function isHealth(value: unknown): value is { readonly version: string } {
  if (typeof value !== 'object' || value === null) return false;
  return 'ready' in value && 'version' in value && typeof value.version === 'string';
}
