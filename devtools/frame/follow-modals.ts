/**
 * Calls back with the top modal dialog of the page whenever that changes, or with undefined once there is none. Finds
 * none inside shadow roots. Returns the stop function.
 */
export function followModals(onTop: (dialog: HTMLDialogElement | undefined) => void): () => void {
  /** In the order in which they opened. */
  let open: readonly HTMLDialogElement[] = [];

  function check(): void {
    const now = [...document.querySelectorAll<HTMLDialogElement>('dialog:modal')];
    const before = open.at(-1);
    open = [
      ...open.filter((dialog) => now.includes(dialog)),
      ...now.filter((dialog) => !open.includes(dialog)),
    ];
    // The app may also remove an open dialog. While there is none, its other changes cost nothing here.
    removals.disconnect();
    if (open.length > 0) removals.observe(document, { subtree: true, childList: true });
    if (open.at(-1) !== before) onTop(open.at(-1));
  }

  const removals = new MutationObserver(check);
  const changes = new MutationObserver(check);
  changes.observe(document, { subtree: true, attributeFilter: ['open'] });
  check();
  return () => {
    changes.disconnect();
    removals.disconnect();
  };
}
