import type { Invite } from './sharing-types.ts';

/** The whole invite follows `#`: browsers never send that part. jazz-tools makes links of the same form. */
export function inviteLink(page: URL, { id, secret }: Invite): string {
  const link = new URL(page);
  link.search = '';
  link.hash = `/invite/${id}/${secret}`;
  return link.href;
}

/** The page that a link opens. Throws a TypeError without one. */
export function linkPage(url: string | URL | undefined): URL {
  // The error of `new URL` would repeat the text.
  if (url !== undefined && URL.canParse(url)) return new URL(url);
  throw new TypeError(
    url === undefined
      ? 'There is no page to link to. Pass the address of your app as `url`.'
      : 'The link needs the whole address of a page. Pass one such as "https://app.example/" as `url`.',
  );
}
