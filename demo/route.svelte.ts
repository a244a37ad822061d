import { type Invite } from '@MaiaOS/kernel';
import { takeInvite } from './address.ts';

/** The current page, from the URL's hash, so that links, the back button and reloads work. */
export type Route =
  | { readonly page: 'lists' }
  | { readonly page: 'new' }
  | { readonly page: 'account' }
  | { readonly page: 'list'; readonly listID: string };

export function routeHref(route: Route): string {
  return route.page === 'list' ? `#list/${route.listID}` : route.page === 'lists' ? '#' : `#${route.page}`;
}

export function goTo(route: Route): void {
  location.hash = routeHref(route);
}

/** Follows the address bar for the life of the page, including share links pasted into it. */
export function createRouter(onInvite: (arrived: Invite) => void): { readonly route: Route } {
  let route = $state.raw(parseRoute(location.hash));
  addEventListener('hashchange', () => {
    const arrived = takeInvite();
    if (arrived) onInvite(arrived);
    else route = parseRoute(location.hash);
  });
  return {
    get route() {
      return route;
    },
  };
}

function parseRoute(hash: string): Route {
  const [page, listID] = hash.slice(1).split('/');
  if (page === 'list' && listID) return { page, listID };
  return page === 'new' || page === 'account' ? { page } : { page: 'lists' };
}
