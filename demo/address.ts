import { takeInvite as takeFromAddress, type Invite } from '@MaiaOS/kernel';

/** Removes a share link from the address bar and from this history entry, so that neither keeps its secret. */
export function takeInvite(): Invite | undefined {
  if (location.hash.startsWith('#join')) history.replaceState(history.state, '', asToday(location.href));
  return takeFromAddress();
}

/** The share link in a text, whole or cut off. */
export function findInvite(text: string): Invite | undefined {
  const [, id, secret] = /#\/invite\/(co_\w+)\/?(\w*)$/.exec(asToday(text.trim())) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Whether the end of the link is missing. The gate explains that before anyone signs up for it. */
export function isCutOff({ secret }: Invite): boolean {
  return secret.length < shortestSecret;
}

const shortestSecret = 'inviteSecret_z'.length + 40;

/** Earlier links of this app were `#join/{id}/{secret}`. */
const asToday = (link: string) => link.replace(/#join\/(co_\w+)\/?(\w*)$/, '#/invite/$1/inviteSecret_z$2');
