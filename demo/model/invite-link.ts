/** The content of a share link. Anyone with `secret` can join, so never log it or store it unencrypted. */
export interface Invite {
  readonly listID: string;
  readonly secret: string;
}

const form = /^#join\/(co_z[1-9A-HJ-NP-Za-km-z]{10,60})\/([1-9A-HJ-NP-Za-km-z]{20,100})$/;
const secretPrefix = 'inviteSecret_z';

/** A link to this app, with the whole invite after `#`: browsers never send that part. */
export function inviteLink(appUrl: string, invite: Invite): string {
  const url = new URL(appUrl);
  url.search = '';
  url.hash = `join/${invite.listID}/${invite.secret.slice(secretPrefix.length)}`;
  return url.href;
}

/** Accepts links from any origin. Undefined if the text is not a link to a list. */
export function parseInviteLink(text: string): Invite | undefined {
  const hashAt = text.indexOf('#');
  return hashAt === -1 ? undefined : parseInviteHash(text.slice(hashAt).trim());
}

export function parseInviteHash(hash: string): Invite | undefined {
  const [, listID, secret] = form.exec(hash) ?? [];
  return listID === undefined || secret === undefined ? undefined : { listID, secret: secretPrefix + secret };
}

/** Also true for a truncated link, so that the app can explain it. */
export function looksLikeInvite(hash: string): boolean {
  return hash.startsWith('#join');
}
