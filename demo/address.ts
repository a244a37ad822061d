import { looksLikeInvite, parseInviteHash, type Invite } from './model/invite-link.ts';

/** The share link that the user opened; `damaged` if part of it is missing. */
export type ArrivedInvite = Invite | 'damaged';

/** Removes a share link from the address bar and from this history entry, so that neither keeps its secret. */
export function takeInvite(
  location: Pick<Location, 'hash' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState'>,
): ArrivedInvite | undefined {
  const { hash } = location;
  if (!looksLikeInvite(hash)) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return parseInviteHash(hash) ?? 'damaged';
}
