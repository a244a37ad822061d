/**
 * Reads what follows `#` in the page's address, and removes it there if `read` finds something. The page's state stays. Undefined
 * outside a page.
 */
export function takeFromHash<T>(read: (hash: string) => T | undefined): T | undefined {
  if (typeof history === 'undefined') return undefined;
  const { href, hash } = location;
  const found = read(hash);
  if (found) {
    const rest = href.slice(0, href.indexOf('#'));
    const remove = () => history.replaceState(history.state, '', rest);
    remove();
    // A router that had read the address before puts it back, as Next's does once it has hydrated the page.
    const { navigation } = globalThis;
    navigation?.addEventListener('currententrychange', function changed({ navigationType }) {
      if (location.href === rest) return;
      if (navigationType === 'replace' && location.href === href) remove();
      // After another page, the app itself may open this address again.
      else navigation.removeEventListener('currententrychange', changed);
    });
  }
  return found;
}
