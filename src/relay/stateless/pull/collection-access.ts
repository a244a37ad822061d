import type { Principal } from '../../auth/principal.ts';
import { StatelessRefusal } from '../refusal.ts';
import type { StoredRoles } from './stored-roles.ts';

/**
 * Whether a client may list what a group or account owns: its token names the collection, or it may read there. `undefined`: clients
 * need not sign in here, so nothing proves who one is.
 */
export async function mayList(
  collectionID: string,
  principal: Principal | undefined,
  readRoles: () => Promise<StoredRoles>,
): Promise<boolean> {
  if (principal?.collections?.includes(collectionID)) return true;
  const roles = await readRoles();
  return roles.mayEveryoneRead || (principal?.kind === 'account' && roles.mayRead(principal.id));
}

export function notListed(principal: Principal | undefined, collectionID: string): StatelessRefusal {
  return new StatelessRefusal(
    'forbidden',
    principal
      ? 'This user may not read what this group owns, or the relay does not have the group. Sign in as a member, or with a token that names it in `collections`.'
      : 'This relay does not check who its clients are, so a client may list a collection only if everyone has a role in its group.',
    { ids: [collectionID] },
  );
}
