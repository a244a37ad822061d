/** What a share link carries. `secret` lets whoever has it join, so it is never logged and never kept in the open. */
export interface Invite {
  readonly listID: string;
  readonly secret: string;
}

const form = /^#join\/(co_z[1-9A-HJ-NP-Za-km-z]{10,60})\/([1-9A-HJ-NP-Za-km-z]{20,100})$/;
const secretPrefix = 'inviteSecret_z';

/** A link to this very app; all that it says stands after `#`, which browsers never send. */
export function inviteLink(appUrl: string, invite: Invite): string {
  const url = new URL(appUrl);
  url.search = '';
  url.hash = `join/${invite.listID}/${invite.secret.slice(secretPrefix.length)}`;
  return url.href;
}

/** Undefined where the text is no link to a list, from whatever address it was made. */
export function parseInviteLink(text: string): Invite | undefined {
  const hashAt = text.indexOf('#');
  return hashAt === -1 ? undefined : parseInviteHash(text.slice(hashAt).trim());
}

export function parseInviteHash(hash: string): Invite | undefined {
  const [, listID, secret] = form.exec(hash) ?? [];
  return listID === undefined || secret === undefined ? undefined : { listID, secret: secretPrefix + secret };
}

/** Also true for a link that was cut off on its way, so that it is explained and not ignored. */
export function looksLikeInvite(hash: string): boolean {
  return hash.startsWith('#join');
}
