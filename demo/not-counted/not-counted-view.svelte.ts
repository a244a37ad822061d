import { type Session } from '@MaiaOS/kernel';
import { SvelteSet } from 'svelte/reactivity';
import { fromStore } from 'svelte/store';
import { type Lists } from '../model/lists.ts';
import { type NotCounted, watchNotCounted } from '../model/not-counted.ts';

/** The edits that do not count, without those that the user has dealt with. */
export interface NotCountedView {
  of(listID: string): readonly NotCounted[];
  /** On all devices. Returns the undo. */
  dismiss(listID: string, all: readonly NotCounted[]): () => void;
}

/** Call it in a component's initialization; it ends with the component. */
export function createNotCountedView(session: Session, lists: Lists): NotCountedView {
  const listsView = fromStore(lists);
  // Those dismissed in this tab.
  const dismissed = new SvelteSet<string>();
  let all = $state.raw<readonly NotCounted[]>([]);
  $effect(() => watchNotCounted(session, lists, (next) => (all = next)));
  const shown = $derived(all.filter(({ marks }) => marks.some((mark) => !dismissed.has(mark))));

  return {
    of(listID) {
      if (shown.length === 0) return [];
      const seenMs = listsView.current.state === 'ready' ? lists.seenUntil(listID) : 0;
      return shown.filter((one) => one.listID === listID && one.madeAtMs > seenMs);
    },
    dismiss(listID, some) {
      const restore = lists.setSeenUntil(listID, Math.max(0, ...some.map(({ madeAtMs }) => madeAtMs)));
      const marks = some.flatMap((one) => one.marks).filter((mark) => !dismissed.has(mark));
      for (const mark of marks) dismissed.add(mark);
      return () => {
        restore();
        for (const mark of marks) dismissed.delete(mark);
      };
    },
  };
}
