import { looksLikeInvite, parseInviteHash, type Invite } from './model/invite-link.ts';

/** A share link that was opened. `damaged`: it was one, and is not whole. */
export type ArrivedInvite = Invite | 'damaged';

/** Takes a share link out of the address bar and out of this history entry, so that its secret stands in neither. */
export function takeInvite(
  location: Pick<Location, 'hash' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState'>,
): ArrivedInvite | undefined {
  const { hash } = location;
  if (!looksLikeInvite(hash)) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return parseInviteHash(hash) ?? 'damaged';
}
