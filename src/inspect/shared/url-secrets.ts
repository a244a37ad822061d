/** An address without credentials, query and fragment. */
export function withoutURLSecrets(url: string): string {
  if (!URL.canParse(url)) return url.replace(/[?#].*$/, '');
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
