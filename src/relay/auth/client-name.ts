import { createHash } from 'node:crypto';
import type { Principal } from './principal.ts';

/**
 * Names a client in the log of changes and to other relays, so that it is not notified of its own pushes. A `clientId` counts only
 * for one user: otherwise, a member could hide their pushes from another one. Says nothing else about either.
 */
export function nameOfClient(clientID: string, principal: Principal | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([clientID, principal?.kind, principal?.id]))
    .digest('base64url')
    .slice(0, 16);
}
