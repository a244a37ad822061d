import { type AppContext } from '../app-context.ts';
import { type ListView } from '../model/list-view.ts';
import { goTo } from '../route.svelte.ts';
import { countOthers } from '../share/others.ts';

/** Returns what removes a list from the user's lists and offers the undo. */
export function createRemoval({
  session,
  lists,
  edits,
  undo,
}: Pick<AppContext, 'session' | 'lists' | 'edits' | 'undo'>) {
  return ({ id, title, state }: ListView) => {
    const others = countOthers(session.members(id).current);
    const removed = edits.make(() => lists.remove(id));
    if (!removed) return;
    goTo({ page: 'lists' });
    const name = state === 'ready' ? `“${title}”` : 'The list was';
    const isDeleted = state === 'ready' && others === 0;
    undo.offer({
      text: `${name} ${isDeleted ? 'deleted' : 'removed from your lists'}`,
      byKey: false,
      undo() {
        if (edits.make(removed.result)) goTo({ page: 'list', listID: id });
      },
    });
  };
}
