/**
 * The host of each address, with the path if several share the host. An address that is not a URL is its own
 * name.
 */
export function relayNames(urls: readonly string[]): readonly string[] {
  const parsed = urls.map((url) => (URL.canParse(url) ? new URL(url) : undefined));
  return urls.map((url, index) => {
    const { host, pathname } = parsed[index] ?? {};
    if (host === undefined) return url;
    const isOnlyOne = parsed.filter((other) => other?.host === host).length === 1;
    return isOnlyOne ? host : `${host}${pathname}`;
  });
}
