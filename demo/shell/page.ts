import { type Invite } from '@MaiaOS/kernel';
import { type ListView } from '../model/list-view.ts';
import { type ListsView } from '../model/lists.ts';
import { type Route } from '../route.svelte.ts';

/** The content of the main pane. */
export type Page =
  | { readonly kind: 'join'; readonly arrived: Invite }
  | { readonly kind: 'list'; readonly list: ListView }
  | { readonly kind: 'no-list' }
  | { readonly kind: 'new' }
  | { readonly kind: 'getting' }
  | { readonly kind: 'account' }
  /** The list of lists, on narrow screens only. */
  | { readonly kind: 'overview' };

export function pageFor(at: {
  readonly route: Route;
  readonly view: ListsView;
  readonly arrived: Invite | undefined;
  readonly isWide: boolean;
  /** The first download is still running, so more lists may arrive. */
  readonly isGetting: boolean;
}): Page {
  const { route, view, arrived } = at;
  if (arrived) return { kind: 'join', arrived };
  if (route.page === 'account') return { kind: 'account' };

  if (route.page === 'new') return { kind: 'new' };
  const [first] = view.lists;
  if (!first && (view.state !== 'ready' || at.isGetting)) return { kind: 'getting' };
  if (route.page === 'list') {
    const list = view.lists.find(({ id }) => id === route.listID);
    return list ? { kind: 'list', list } : { kind: 'no-list' };
  }
  if (!first) return { kind: 'new' };
  return at.isWide ? { kind: 'list', list: first } : { kind: 'overview' };
}
